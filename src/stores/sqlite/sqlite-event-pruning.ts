import type { EventPruning, PruningPlan } from "../../ports/event-pruning.ts";
import { invariant } from "../../std/invariant.ts";

import type { ExportedCheckpoint } from "./chain.ts";
import type { WorkerLink } from "./worker-link.ts";

/** Pruning of the event log in the store worker; `onCheckpoint` hears of the one that seals the record of it. */
export class SqliteEventPruning implements EventPruning {
	readonly #link: WorkerLink;
	readonly #onCheckpoint: (checkpoint: ExportedCheckpoint) => void;

	constructor(link: WorkerLink, onCheckpoint: (checkpoint: ExportedCheckpoint) => void) {
		this.#link = link;
		this.#onCheckpoint = onCheckpoint;
	}

	async plan(before: number, timeZone: string): Promise<PruningPlan | null> {
		const reply = await this.#link.ask({ kind: "plan-pruning", before, timeZone });
		invariant(reply.kind === "pruning-planned", "a plan is answered by one");
		return reply.plan;
	}

	async prune(plan: PruningPlan, timeZone: string): Promise<number> {
		const reply = await this.#link.ask({ kind: "prune", plan, timeZone });
		invariant(reply.kind === "pruned", "pruning is answered by what is gone");
		if (reply.sealed !== null) this.#onCheckpoint(reply.sealed);
		return reply.blocks;
	}
}
