/**
 * How much of one budget a subject has used: four kinds of window, one interface.
 *
 *  - A window has no state, and what is used is one number among the subject's cells, true at the moment when the subject was looked at last. So a hundred
 *    thousand callers with ten budgets each are a few large arrays, which a collector need not look into, and whoever counts adds to a number.
 *  - What time does to it is done when the subject is looked at again: `pass`.
 *  - Times are those of the ledger's clock, which does not go back.
 */
import type { Span } from "./calendar-span.ts";

/** What a window knows of its budget. */
export interface MeasuredBudget {
	readonly limit: number;
	/** 0 where there is none. */
	readonly periodMs: number;
	spanAt(now: number): Span;
}

/** Where the numbers of one subject are. */
export interface Cells {
	readonly cells: Float64Array;
	/** What does not fit there: of each rolling window the buckets before the newest, number and amount in turn, oldest first. Null where there are none. */
	older: Map<Window, number[]> | null;
	/** Set where these become others. */
	hasNewOlder: boolean;
}

const NONE: readonly number[] = [];
const ALWAYS: Span = { start: Number.NEGATIVE_INFINITY, end: Number.POSITIVE_INFINITY };
/** How soon to try again where others hold what is missing, and nobody knows when they end. */
export const RETRY_MS = 1_000;

export abstract class Window {
	/** Whether what is used becomes less all the time; else it is the same within a span. */
	readonly flows: boolean = false;
	protected readonly budget: MeasuredBudget;

	constructor(budget: MeasuredBudget) {
		this.budget = budget;
	}

	/** The time around `now` in which nothing is forgotten, unless it flows. */
	spanAt(_now: number): Span {
		return ALWAYS;
	}

	/** Time has gone on from `seen` to `now`: forgets. Cell `at` says what is used. */
	abstract pass(who: Cells, at: number, seen: number, now: number): void;
	/** When enough of what was used is forgotten that `need` more fits, Unix ms; at the earliest, where others hold some of it. */
	abstract renews(who: Cells, at: number, need: number, now: number): number;
}

export class CalendarWindow extends Window {
	override spanAt(now: number): Span {
		return this.budget.spanAt(now);
	}

	override pass({ cells }: Cells, at: number, seen: number, now: number): void {
		if (seen < this.budget.spanAt(now).start) cells[at] = 0;
	}

	override renews(_who: Cells, _at: number, _need: number, now: number): number {
		return this.budget.spanAt(now).end;
	}
}

/** Buckets of a rolling window. A bucket is forgotten when all of it is older than the window, so the window is a sixtieth too long, never too short. */
const BUCKETS = 60;

/** The newest bucket is the one in which the subject was looked at last; in it is what is not in older ones. */
export class RollingWindow extends Window {
	override spanAt(now: number): Span {
		const bucket = this.#bucketAt(now);
		return { start: bucket * this.#bucketMs, end: (bucket + 1) * this.#bucketMs };
	}

	override pass(who: Cells, at: number, seen: number, now: number): void {
		const [newest, bucket] = [this.#bucketAt(seen), this.#bucketAt(now)];
		if (newest === bucket || who.cells[at] === 0) return;
		this.#keep(who, at, this.#buckets(who, at, newest), bucket);
	}

	override renews(who: Cells, at: number, need: number, now: number): number {
		let missing = (who.cells[at] ?? 0) + need - this.budget.limit;
		let until = now + RETRY_MS;
		const buckets = this.#buckets(who, at, this.#bucketAt(now));
		for (let bucket = 0; bucket < buckets.length && missing > 0; bucket += 2) {
			missing -= buckets[bucket + 1] ?? 0;
			until = ((buckets[bucket] ?? 0) + BUCKETS + 1) * this.#bucketMs;
		}
		return until;
	}

	/** Number and amount of each in which something was used, oldest first. */
	#buckets(who: Cells, at: number, newest: number): readonly number[] {
		const older = who.older?.get(this) ?? NONE;
		let inNewest = who.cells[at] ?? 0;
		for (let bucket = 1; bucket < older.length; bucket += 2) inNewest -= older[bucket] ?? 0;
		return inNewest > 0 ? [...older, newest, inNewest] : older;
	}

	/** Of these buckets those that `now` has not forgotten, which is the number of a bucket too. */
	#keep(who: Cells, at: number, buckets: readonly number[], now: number): void {
		const older: number[] = [];
		let used = 0;
		for (let bucket = 0; bucket < buckets.length; bucket += 2) {
			const [number = 0, amount = 0] = [buckets[bucket], buckets[bucket + 1]];
			if (number < now - BUCKETS) continue;
			used += amount;
			if (number < now) older.push(number, amount);
		}
		who.cells[at] = used;
		keepOlder(who, this, older);
	}

	#bucketAt(now: number): number {
		return Math.floor(now / this.#bucketMs);
	}

	get #bucketMs(): number {
		return this.budget.periodMs / BUCKETS;
	}
}

/** `buckets`: see `Cells`; none where there are none. */
export function keepOlder(who: Cells, window: Window, buckets: number[]): void {
	who.hasNewOlder = true;
	if (buckets.length > 0) {
		who.older ??= new Map();
		who.older.set(window, buckets);
	} else if (who.older !== null) {
		who.older.delete(window);
		if (who.older.size === 0) who.older = null;
	}
}

/** The generic cell rate algorithm as a bucket that leaks: what is used is its level. The limit at once after a pause, and in the long run the limit per
 *  period. */
export class RateWindow extends Window {
	override readonly flows = true;

	override pass({ cells }: Cells, at: number, seen: number, now: number): void {
		const level = cells[at] ?? 0;
		if (level !== 0) cells[at] = Math.max(0, level - (now - seen) * this.#perMs);
	}

	override renews({ cells }: Cells, at: number, need: number, now: number): number {
		return now + Math.ceil(((cells[at] ?? 0) + need - this.budget.limit) / this.#perMs);
	}

	get #perMs(): number {
		return this.budget.limit / this.budget.periodMs;
	}
}

/** What runs at this moment: all of it is held, nothing is used up. */
export class ConcurrentWindow extends Window {
	override pass(): void {
		// Whoever has ended runs no more.
	}

	override renews(_who: Cells, _at: number, _need: number, now: number): number {
		return now + RETRY_MS;
	}
}
