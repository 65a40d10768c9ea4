/**
 * The event log as the rest of the program sees it: collects events, commits them in groups, and says so when it cannot.
 *
 *  - One commit at a time. The first event after a pause goes at once; under load a commit follows the last one's start by `spacingMs`, or sooner
 *    when many events wait. So an fsync is shared by whatever came meanwhile, and nobody waits longer than one spacing and two commits.
 *  - When a commit fails, everyone who waits is told (the pipeline fails closed), but the events themselves are kept, up to a bound, and written when
 *    the disk is back. What did not fit is counted in a `log-recovered` event, after which the log is available again. Tries are spaced out.
 *  - A disk that neither succeeds nor fails counts as failed after `stallMs`; its answer, if it comes, begins the recovery.
 *  - A checkpoint is due after a second with changes, after 1,000 events, and at the end.
 */
import type { Event } from "../../model/event.ts";
import { Fault } from "../../model/fault.ts";
import type { Batch, EventLog, EventQuery, RecordedEvent } from "../../ports/event-log.ts";
import type { Clock, Stopwatch } from "../../std/clock.ts";
import { invariant } from "../../std/invariant.ts";

import type { ExportedCheckpoint } from "./chain.ts";
import type { Committed, NewBlock } from "./event-database.ts";
import { EventQueue } from "./event-queue.ts";
import type { FoundLines } from "./event-reader.ts";
import { PendingBlock } from "./pending-block.ts";
import { SealSchedule } from "./seal-schedule.ts";

/** What the log needs of the thread that owns the file. */
export interface BlockSink {
	/** Resolves when on disk. A rejected commit may have reached the disk all the same. */
	commit(block: NewBlock | null, sealAt: number | null): Promise<Committed>;
	find(query: EventQuery): Promise<FoundLines>;
}

export interface GroupCommitSettings {
	readonly clock: Clock;
	readonly stopwatch: Stopwatch;
	/** Least time between the starts of two commits, unless `eagerEvents` wait. */
	readonly spacingMs: number;
	readonly eagerEvents: number;
	/** Bounds of what waits in memory, what is being written included. */
	readonly pendingEventsMax: number;
	readonly pendingCharactersMax: number;
	readonly stallMs: number;
	/** Time after a checkpoint after which what came since is due another. */
	readonly sealAfterMs: number;
	/** Each checkpoint as it is signed, for whoever carries them off the machine. Must not throw. */
	readonly onCheckpoint: (checkpoint: ExportedCheckpoint) => void;
	/** Of the last event that is on disk when the log is opened. */
	readonly lastSeq: number;
}

export const GROUP_COMMIT_DEFAULTS = {
	spacingMs: 10,
	eagerEvents: 500,
	pendingEventsMax: 50_000,
	pendingCharactersMax: 32 * 1024 * 1024,
	stallMs: 10_000,
	sealAfterMs: 1_000,
	onCheckpoint: () => undefined,
	lastSeq: 0,
} as const;

const RETRY_FIRST_MS = 250;
const RETRY_LAST_MS = 2_000;

export class GroupCommitLog implements EventLog {
	readonly #sink: BlockSink;
	readonly #settings: GroupCommitSettings;
	readonly #queue: EventQueue;
	readonly #seals: SealSchedule;
	#flight: Promise<void> | null = null;
	#flying: PendingBlock | null = null;
	#lastStartAt = Number.NEGATIVE_INFINITY;
	/** The next start, where one is arranged. */
	#cancelStart: (() => void) | null = null;
	#retry: NodeJS.Timeout | null = null;
	#retryMs = RETRY_FIRST_MS;
	#stall: NodeJS.Timeout | null = null;
	#fault: Fault | null = null;
	/** The block that says that the log is back. Once it is on disk, that is true. */
	#recovery: PendingBlock | null = null;
	#lost = 0;
	#closed = false;
	#committedSeq: number;

	constructor(sink: BlockSink, settings: GroupCommitSettings) {
		this.#sink = sink;
		this.#settings = settings;
		this.#queue = new EventQueue(settings);
		this.#committedSeq = settings.lastSeq;
		this.#seals = new SealSchedule(settings.sealAfterMs, settings.stopwatch, () => this.#arrangeStart());
	}

	get available(): boolean {
		return this.#fault === null;
	}

	get lastSeq(): number {
		return this.#committedSeq + this.#queue.size;
	}

	get problem(): string | null {
		return this.#fault === null ? null : this.#fault.message;
	}

	append(event: Event): Batch {
		const block = this.#closed ? null : this.#queue.add(JSON.stringify(event), event.at);
		if (block === null) return this.#drop();
		if (block.count === this.#settings.eagerEvents) this.#start();
		else if (this.#cancelStart === null) this.#arrangeStart();
		return block;
	}

	async read(query: EventQuery): Promise<readonly RecordedEvent[]> {
		let found: FoundLines;
		try {
			found = await this.#sink.find(query);
		} catch (cause) {
			throw new Fault("event-log-unavailable", `the event log cannot be read: ${messageOf(cause)}`, { cause });
		}
		return found.lines.map((line, index) => ({ seq: found.seqs[index] ?? 0, event: eventOf(line) }));
	}

	/** Rejects with a Fault where events or the last checkpoint could not be written. The file itself belongs to the sink's owner. */
	async close(): Promise<void> {
		if (this.#closed) return;
		this.#closed = true;
		this.#disarm();
		await this.#flight;
		let failure: Fault | null = null;
		for (let block = this.#queue.take(); block !== null && failure === null; block = this.#queue.take()) failure = await this.#fly(block);
		if (failure === null && this.#seals.hasUnsealed) failure = await this.#fly(null);
		this.#disarm();
		if (failure !== null) throw failure;
	}

	/** Starts a commit now, or as soon as the spacing allows; nothing where one is under way, for that ends with another call. */
	#arrangeStart(): void {
		if (this.#closed || this.#flight !== null || this.#retry !== null || this.#cancelStart !== null) return;
		if (this.#queue.isEmpty && this.#fault === null && !this.#seals.isDue(0)) return;
		const { spacingMs, stopwatch, eagerEvents } = this.#settings;
		if (this.#fault !== null || this.#queue.hasFullBlock(eagerEvents)) return this.#start();

		const wait = this.#lastStartAt + spacingMs - stopwatch();
		if (wait > 0) {
			const timer = setTimeout(() => this.#start(), wait);
			this.#cancelStart = () => clearTimeout(timer);
		} else {
			// After whatever else this turn of the loop has to hear: its events share the commit.
			const immediate = setImmediate(() => this.#start());
			this.#cancelStart = () => clearImmediate(immediate);
		}
	}

	#start(): void {
		if (this.#closed || this.#flight !== null || this.#retry !== null) return;
		this.#cancelStart?.();
		this.#cancelStart = null;
		// With nothing left to write, the recovery's own event is what tries the disk.
		if (this.#queue.isEmpty && this.#fault !== null) this.#announceRecovery();
		this.#lastStartAt = this.#settings.stopwatch();
		this.#watchForStall();
		this.#flight = this.#fly(this.#queue.take()).then((failure) => {
			this.#flight = null;
			if (failure !== null) this.#retryLater();
			this.#arrangeStart();
		});
	}

	/** One commit. Never rejects: returns the failure. A null block is for a checkpoint alone. */
	async #fly(block: PendingBlock | null): Promise<Fault | null> {
		const seals = this.#seals.isDue(block?.count ?? 0) || (this.#closed && block === null);
		this.#flying = block;
		try {
			const committed = await this.#sink.commit(block?.toBlock() ?? null, seals ? this.#settings.clock() : null);
			this.#seals.committed(block?.count ?? 0, seals);
			this.#committedSeq = committed.lastSeq;
			if (block !== null) {
				this.#queue.done(block);
				block.settle();
			}
			this.#announce(committed);
			if (this.#fault !== null) this.#recover(block);
			return null;
		} catch (cause) {
			const fault = this.#fail(messageOf(cause), cause);
			if (block !== null) {
				block.markRetried();
				block.refuse(fault);
				this.#queue.putBack(block);
			}
			return fault;
		} finally {
			this.#flying = null;
		}
	}

	#announce({ checkpoint }: Committed): void {
		if (checkpoint !== null) this.#settings.onCheckpoint(checkpoint);
	}

	/** Everyone who waits, or comes while this lasts, hears `why`. */
	#fail(why: string, cause: unknown): Fault {
		this.#fault = new Fault("event-log-unavailable", `the event log cannot be written: ${why}`, { cause });
		this.#queue.refuse(this.#fault);
		return this.#fault;
	}

	/** The disk took something. The log is available when all that was left over, and the word that it is back, are on disk. */
	#recover(written: PendingBlock | null): void {
		if (this.#recovery === null) return this.#announceRecovery();
		if (this.#recovery !== written) return;
		this.#recovery = null;
		if (this.#lost > 0) return this.#announceRecovery();
		this.#fault = null;
		this.#retryMs = RETRY_FIRST_MS;
		this.#queue.accept();
	}

	#announceRecovery(): void {
		if (this.#recovery !== null) return;
		const recovered: Event = { type: "log-recovered", at: this.#settings.clock(), lost: this.#lost };
		this.#lost = 0;
		this.#recovery = this.#queue.addAlone(JSON.stringify(recovered), recovered.at);
	}

	#drop(): Batch {
		this.#lost += 1;
		const fault = this.#fault ?? this.#fail(this.#closed ? "it is closed" : "events come faster than the disk takes them", null);
		const refused = new PendingBlock();
		refused.refuse(fault);
		return refused;
	}

	#retryLater(): void {
		if (this.#closed) return;
		this.#retry = setTimeout(() => {
			this.#retry = null;
			this.#arrangeStart();
		}, this.#retryMs);
		this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LAST_MS);
	}

	/** One timer for all commits, put off by each: a commit that is under way when it goes off has taken too long. */
	#watchForStall(): void {
		const { stallMs } = this.#settings;
		if (this.#stall !== null) {
			this.#stall.refresh();
			return;
		}
		this.#stall = setTimeout(() => {
			this.#stall = null;
			if (this.#flight === null) return;
			const fault = this.#fail(`the disk has not answered for ${stallMs / 1000} s`, null);
			this.#flying?.refuse(fault);
		}, stallMs);
		this.#stall.unref();
	}

	#disarm(): void {
		this.#cancelStart?.();
		this.#cancelStart = null;
		this.#seals.stop();
		for (const timer of [this.#retry, this.#stall]) if (timer !== null) clearTimeout(timer);
		this.#retry = null;
		this.#stall = null;
	}
}

/** Lines come from the verified chain, where only `append` puts any. */
function eventOf(line: string): Event {
	const event: unknown = JSON.parse(line);
	invariant(isEvent(event), "a line of the log is an event");
	return event;
}

function isEvent(value: unknown): value is Event {
	return typeof value === "object" && value !== null && "type" in value && "at" in value;
}

function messageOf(cause: unknown): string {
	return cause instanceof Error ? cause.message : String(cause);
}
