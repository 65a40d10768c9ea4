/**
 * Removes what is older than the retention from the beginning of the event log, in two steps, so that nobody can take it for the work of a forger.
 *
 *  - `planPruning` finds the last signed checkpoint before which everything is old enough. The caller writes that into the log as an `events-pruned`
 *    event; the genesis, the checkpoint itself and all that is after it stay, and prove each other as before.
 *  - `prune` seals that event with a checkpoint before it removes anything. Verification takes a missing beginning for pruned only where a sealed event
 *    says so, and a signature is what somebody who merely writes the file has not.
 *  - What is removed goes from the oldest on, in small transactions: after a crash the log is whole from some block on, and the rest goes the next time.
 *  - Usage is counted first, and what is removed is overwritten in the file (`secure_delete` in event-database.ts), not merely unlinked.
 */
import type { PruningPlan } from "../../ports/event-pruning.ts";
import { Calendar } from "../../std/calendar.ts";

import type { ExportedCheckpoint } from "./chain.ts";
import { checkpointOf } from "./event-schema.ts";
import { integerIn } from "./row.ts";
import { catchUp, type SlowWork, type UsageFiles } from "./usage-work.ts";

const HEADS_AT_ONCE = 256;
const BLOCKS_AT_ONCE = 32;

/** Null where there is nothing old enough. */
export function* planPruning(files: UsageFiles, before: number, timeZone: string): SlowWork<PruningPlan | null> {
	const { counted } = yield* catchUp(files, timeZone);
	const { database } = files.events;
	const heads = database.prepare("SELECT first_seq, last_seq, last_at FROM blocks WHERE first_seq > ? ORDER BY first_seq LIMIT ?");
	let oldThrough = 0;
	let after = 0;
	for (let page = heads.all(after, HEADS_AT_ONCE); page.length > 0; page = heads.all(after, HEADS_AT_ONCE)) {
		const kept = page.findIndex((head) => integerIn(head, "last_at") >= before || integerIn(head, "last_seq") > counted.seq);
		const last = page[kept === -1 ? page.length - 1 : kept - 1];
		if (last !== undefined) oldThrough = integerIn(last, "last_seq");
		if (kept !== -1) break;
		after = oldThrough;
		yield;
	}
	const row = database.prepare("SELECT * FROM checkpoints WHERE seq > 0 AND seq <= ? ORDER BY number DESC LIMIT 1").get(oldThrough);
	if (row === undefined) return null;
	const { number, seq, hash } = checkpointOf(row);
	const newest = database.prepare("SELECT max(last_at) AS at FROM blocks WHERE first_seq > 0 AND last_seq <= ?").get(seq) ?? {};
	// The checkpoint is kept, its block is not: without a block before it there is nothing left to remove.
	return newest["at"] === null
		? null
		: { throughSeq: seq, throughAt: integerIn(newest, "at"), checkpoint: number, hash: hash.toString("hex") };
}

export interface Pruned {
	readonly blocks: number;
	/** The one that was made to seal the record of this, where it was not sealed yet. */
	readonly sealed: ExportedCheckpoint | null;
}

/** For a plan that is on record by now. */
export function* prune({ events, usage }: UsageFiles, plan: PruningPlan, timeZone: string, now: number): SlowWork<Pruned> {
	const { database } = events;
	const sealed = events.commit(null, now).checkpoint;
	const day = new Calendar(timeZone).dayOf(plan.throughAt);
	usage.forgetProof(day);
	const page = database.prepare("SELECT last_seq FROM blocks WHERE first_seq > 0 AND last_seq <= ? ORDER BY first_seq LIMIT ?");
	const removeBlocks = database.prepare("DELETE FROM blocks WHERE first_seq > 0 AND last_seq <= ?");
	const removeCheckpoints = database.prepare("DELETE FROM checkpoints WHERE number > 1 AND seq < ?");
	let blocks = 0;
	for (let heads = page.all(plan.throughSeq, BLOCKS_AT_ONCE); heads.length > 0; heads = page.all(plan.throughSeq, BLOCKS_AT_ONCE)) {
		const through = integerIn(heads.at(-1) ?? {}, "last_seq");
		database.exec("BEGIN IMMEDIATE");
		removeBlocks.run(through);
		removeCheckpoints.run(through);
		database.exec("COMMIT");
		blocks += heads.length;
		yield;
	}
	return { blocks, sealed };
}
