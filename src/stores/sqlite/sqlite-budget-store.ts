import type { BudgetChanges, BudgetSnapshot, BudgetStore } from "../../ports/budget-store.ts";
import { invariant } from "../../std/invariant.ts";

import type { WorkerLink } from "./worker-link.ts";

/** How far budgets are used, in a file of the store worker. A call after a failure opens the file anew. */
export class SqliteBudgetStore implements BudgetStore {
	readonly #link: WorkerLink;

	constructor(link: WorkerLink) {
		this.#link = link;
	}

	async load(): Promise<BudgetSnapshot | null> {
		const reply = await this.#link.ask({ kind: "load-budgets" });
		invariant(reply.kind === "budgets", "loading is answered by what was kept");
		return reply.snapshot;
	}

	async save(changes: BudgetChanges): Promise<void> {
		const open = changes.open.map((each) => JSON.stringify(each));
		const numbers = changes.records.map((records) => records.numbers.buffer);
		await this.#link.ask({ kind: "save-budgets", changes: { ...changes, open } }, numbers);
	}
}
