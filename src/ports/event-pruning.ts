/** Removing the oldest events, in two steps with the record of it between them. */
export interface EventPruning {
	/** What may go because it is older than `before` (Unix ms); null where nothing may. Usage is counted first. */
	plan(before: number, timeZone: string): Promise<PruningPlan | null>;
	/** Only once an `events-pruned` event that says the same is on disk. Returns how many blocks are gone. */
	prune(plan: PruningPlan, timeZone: string): Promise<number>;
}

/** As the event says it. */
export interface PruningPlan {
	readonly throughSeq: number;
	readonly throughAt: number;
	readonly checkpoint: number;
	readonly hash: string;
}
