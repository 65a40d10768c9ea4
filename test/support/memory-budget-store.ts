import type { BudgetChanges, BudgetSnapshot, BudgetStore } from "../../src/ports/budget-store.ts";

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
		const { seq, at, definitions, counters, forgotten, open } = structuredClone(changes);
		const wanted = new Map(definitions);
		const same = new Set((this.#snapshot?.definitions ?? []).filter(([name, text]) => wanted.get(name) === text).map(([name]) => name));
		const kept = new Map(
			(this.#snapshot?.counters ?? [])
				.filter(({ budget }) => same.has(budget))
				.map((each) => [JSON.stringify([each.budget, each.subject]), each]),
		);
		for (const gone of forgotten) kept.delete(JSON.stringify(gone));
		for (const each of counters) kept.set(JSON.stringify([each.budget, each.subject]), each);
		const sorted = Array.from(kept.keys())
			.toSorted()
			.flatMap((key) => kept.get(key) ?? []);
		this.#snapshot = { seq, at: Math.ceil(at), definitions, counters: sorted, open };
	}

	fail(problem: string | null): void {
		this.#problem = problem;
	}

	async #turn(): Promise<void> {
		await Promise.resolve();
		if (this.#problem !== null) throw new Error(this.#problem);
	}
}
