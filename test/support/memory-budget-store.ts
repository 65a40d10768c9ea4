import type { BudgetChanges, BudgetSnapshot, BudgetStore, SubjectRecords } from "../../src/ports/budget-store.ts";

/** A store of budgets in memory. Passes the same contract as the real one; `fail` makes every call reject. */
export class MemoryBudgetStore implements BudgetStore {
	#snapshot: Omit<BudgetSnapshot, "records"> | null = null;
	#records: (readonly [save: number, records: SubjectRecords])[] = [];
	#problem: string | null = null;

	async load(): Promise<BudgetSnapshot | null> {
		await this.#turn();
		return this.#snapshot === null ? null : structuredClone({ ...this.#snapshot, records: this.#records.map(([, records]) => records) });
	}

	async save(changes: BudgetChanges): Promise<void> {
		const { seq, at, save, definitions, records, open, keepFrom } = structuredClone(changes);
		await this.#turn();
		this.#records = this.#records.filter(([number]) => number >= keepFrom);
		for (const each of records) this.#records.push([save, each]);
		this.#snapshot = { seq, at: Math.ceil(at), save, definitions, open };
	}

	fail(problem: string | null): void {
		this.#problem = problem;
	}

	async #turn(): Promise<void> {
		await Promise.resolve();
		if (this.#problem !== null) throw new Error(this.#problem);
	}
}
