/**
 * What has to be done again and again with the record while the server runs: counting usage, summing up months, removing what is too old.
 *
 *  - All of it is the store thread's work; here it is only asked for, one thing at a time.
 *  - Whatever fails is recorded once until it works again, and keeps nobody from being served.
 *  - Events are removed in the order of `stores/sqlite/prune-work.ts`: planned, recorded, sealed, removed.
 *  - What is removed does not come back, so a clock that was set by a day or more is believed after a day: whoever set it wrong by years has so long.
 */
import type { Config } from "../config/config.ts";
import type { Event } from "../model/event.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { EventPruning } from "../ports/event-pruning.ts";
import type { UsageLedger } from "../ports/usage-ledger.ts";
import { Calendar } from "../std/calendar.ts";
import type { Clock } from "../std/clock.ts";

export interface UpkeepDeps {
	readonly usage: UsageLedger;
	readonly pruning: EventPruning;
	readonly events: EventLog;
	readonly record: (event: Event) => void;
	readonly clock: Clock;
}

export type UpkeepSettings = Pick<Config, "events" | "usage">;

const TICK_MS = 5_000;
/**
 * Usage is counted soon after the start, since what is written from then on is summed up in memory, and then once a minute: so many of one caller's requests
 * become one write of its row. Whoever asks for usage has it counted up to then.
 */
const TICKS_A_COUNT = 12;
/** How often it is looked whether something is old enough; whole days matter, so what is removed goes once a day. */
const LOOK_MS = 3_600_000;
const DAY_MS = 86_400_000;

export class Upkeep implements Disposable {
	readonly #deps: UpkeepDeps;
	readonly #timer: NodeJS.Timeout;
	#settings: UpkeepSettings;
	#running: Promise<void> | null = null;
	#failing = false;
	#lookedAt: number;
	#tickedAt: number;
	/** When the clock was set, by itself. */
	#setAt = Number.NEGATIVE_INFINITY;
	#prunedAt = Number.NEGATIVE_INFINITY;
	#ticks = 0;
	#closed = false;

	constructor(settings: UpkeepSettings, deps: UpkeepDeps) {
		this.#settings = settings;
		this.#deps = deps;
		// Not at once: whoever starts a server has other work for the disk.
		this.#tickedAt = deps.clock();
		this.#lookedAt = this.#tickedAt - LOOK_MS + 60_000;
		this.#timer = setInterval(() => this.#tick(), TICK_MS);
		this.#timer.unref();
	}

	/** What is too old by other retentions goes with the next look. */
	adjust(settings: UpkeepSettings): void {
		const shorter = settings.events.retentionMs !== this.#settings.events.retentionMs;
		this.#settings = settings;
		if (shorter) this.#prunedAt = Number.NEGATIVE_INFINITY;
	}

	/** Counts what there is, sums up months, and removes what is too old where that was not done within a day. */
	async look(now: number): Promise<void> {
		const { usage, events } = this.#settings;
		await this.#count();
		if (now - this.#setAt < DAY_MS) return;
		if (usage.retentionMs !== null && !this.#closed)
			await this.#deps.usage.rollUp(new Calendar(usage.timeZone).dayOf(now - usage.retentionMs));
		if (events.retentionMs === null || now - this.#prunedAt < DAY_MS || this.#closed) return;
		await this.#prune(now, events.retentionMs, usage.timeZone);
		this.#prunedAt = now;
	}

	/** Asks for nothing more. What is under way ends with the stores, and goes on where it was when they are opened again. */
	[Symbol.dispose](): void {
		this.#closed = true;
		clearInterval(this.#timer);
	}

	#tick(): void {
		if (this.#running !== null || this.#closed) return;
		const now = this.#deps.clock();
		this.#noticeSetting(now);
		const due = now - this.#lookedAt >= LOOK_MS;
		if (due) this.#lookedAt = now;
		const counts = this.#ticks % TICKS_A_COUNT === 0;
		this.#ticks += 1;
		if (!due && !counts) return;
		this.#running = (due ? this.look(now) : this.#count()).then(
			() => {
				this.#running = null;
				this.#failing = false;
			},
			(cause: unknown) => {
				this.#running = null;
				this.#fail(cause);
			},
		);
	}

	/** Looks that are done count from then on: after a clock that ran ahead, they would lie in a future that does not come for long. */
	#noticeSetting(now: number): void {
		const wasSet = Math.abs(now - this.#tickedAt) >= DAY_MS;
		this.#tickedAt = now;
		if (!wasSet) return;
		this.#setAt = now;
		this.#lookedAt = Math.min(this.#lookedAt, now);
		this.#prunedAt = Math.min(this.#prunedAt, now);
	}

	async #count(): Promise<void> {
		await this.#deps.usage.catchUp(this.#settings.usage.timeZone);
	}

	async #prune(now: number, retentionMs: number, timeZone: string): Promise<void> {
		const plan = await this.#deps.pruning.plan(now - retentionMs, timeZone);
		if (plan === null || this.#closed) return;
		const pruned: Event = { type: "events-pruned", at: now, ...plan, retentionMs };
		await this.#deps.events.append(pruned).settled;
		if (!this.#closed) await this.#deps.pruning.prune(plan, timeZone);
	}

	#fail(cause: unknown): void {
		if (this.#failing || this.#closed) return;
		this.#failing = true;
		const detail = `usage cannot be counted, or old events removed: ${cause instanceof Error ? cause.message : String(cause)}`;
		this.#deps.record({ type: "fault-raised", at: this.#deps.clock(), fault: "internal-error", detail });
	}
}
