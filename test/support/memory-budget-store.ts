import type { BudgetChanges, BudgetSnapshot, BudgetStore, SubjectState } from "../../src/ports/budget-store.ts";

/** A store of budgets in memory. Passes the same contract as the real one; `fail` makes every call reject. */
export class MemoryBudgetStore implements BudgetStore {
	#snapshot: BudgetSnapshot | null = null;
	#problem: string | null = null;

	async load(): Promise<BudgetSnapshot | null> {
		await this.#turn();
		return structuredClone(this.#snapshot);
	}

	async save(changes: BudgetChanges): Promise<void> {
		await this.#turn();
		const { seq, at, definitions, subjects, forgotten, open } = structuredClone(changes);
		const before = this.#snapshot?.definitions ?? [];
		const places = before.map(([name, text]) => definitions.findIndex((each) => each[0] === name && each[1] === text));
		const isSame = places.length === definitions.length && places.every((place, index) => place === index);
		const kept = new Map<string, SubjectState>();
		for (const each of this.#snapshot?.subjects ?? []) {
			const state = isSame ? each.state : moved(each.state, places);
			if (isSame || state.length > 0) kept.set(JSON.stringify([each.scope, each.subject]), { ...each, state });
		}
		for (const gone of forgotten) kept.delete(JSON.stringify(gone));
		for (const each of subjects) kept.set(JSON.stringify([each.scope, each.subject]), each);
		const sorted = Array.from(kept.keys())
			.toSorted()
			.flatMap((key) => kept.get(key) ?? []);
		this.#snapshot = { seq, at: Math.ceil(at), definitions, subjects: sorted, open };
	}

	fail(problem: string | null): void {
		this.#problem = problem;
	}

	async #turn(): Promise<void> {
		await Promise.resolve();
		if (this.#problem !== null) throw new Error(this.#problem);
	}
}

function moved(state: readonly number[], places: readonly number[]): readonly number[] {
	const [place, count = 0] = state;
	if (place === undefined) return [];
	const to = places[place] ?? -1;
	const rest = moved(state.slice(2 + count), places);
	return to < 0 ? rest : [to, ...state.slice(1, 2 + count), ...rest];
}
