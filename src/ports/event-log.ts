import type { Event, EventType } from "../model/event.ts";

/** The append-only log. One group commit at a time, off the event loop. */
export interface EventLog {
	/**
	 * Queues an event; never blocks and never throws. The batch tells when the event is on disk.
	 * While the log cannot be written, batches reject and `available` is false: the pipeline then refuses requests (fail closed).
	 */
	append(event: Event): Batch;
	readonly available: boolean;
	/** Position of the last event that was appended so far, whether it is on disk yet or waits for it. */
	readonly lastSeq: number;
	/** Why not, in words for the operator (SQLite's own among them); null while available. */
	readonly problem: string | null;
	/** Reads back in order. Cost: linear in the blocks that `query` spans. */
	read(query: EventQuery): Promise<readonly RecordedEvent[]>;
	/** Commits what is queued, writes a last checkpoint and closes. */
	close(): Promise<void>;
}

/** Events that reach the disk together. */
export interface Batch {
	/** True once on disk; looked at before awaiting, since a stream's start is long written when its end comes. */
	readonly committed: boolean;
	/** Resolves when on disk, rejects with a Fault when that failed. A batch nobody awaits does not raise an unhandled rejection. */
	readonly settled: Promise<void>;
}

export interface RecordedEvent {
	/** Position in the chain, from 1, without gaps. */
	readonly seq: number;
	readonly event: Event;
}

export interface EventQuery {
	/** Only records after this one. */
	readonly afterSeq?: number;
	/** Only records before this one. */
	readonly beforeSeq?: number;
	/** Unix ms, inclusive. */
	readonly since?: number;
	readonly until?: number;
	readonly types?: readonly EventType[];
	/** Principal id. */
	readonly principal?: string;
	readonly request?: string;
	/** The newest `limit` records that match, in order. */
	readonly limit: number;
}
