/**
 * How much of one budget a subject has used: four kinds of window, one interface.
 *
 *  - A window has no state. Its numbers lie among the subject's cells from `at` on, so that a hundred thousand callers with ten budgets each are a few large
 *    arrays, which a collector need not look into, and not a million objects with boxed numbers.
 *  - Cells that are all 0 say that nothing was used.
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
}

/** How soon to try again where others hold what is missing, and nobody knows when they end. */
export const RETRY_MS = 1_000;

export abstract class Window {
	/** Cells that it takes. */
	abstract readonly width: number;
	protected readonly budget: MeasuredBudget;

	constructor(budget: MeasuredBudget) {
		this.budget = budget;
	}

	abstract used(who: Cells, at: number, now: number): number;
	/** Charges. */
	abstract add(who: Cells, at: number, amount: number, now: number): void;
	/** When enough of what was used is forgotten that `need` more fits, Unix ms; at the earliest, where others hold some of it. */
	abstract renews(who: Cells, at: number, need: number, now: number): number;
	/** Adds what survives a restart behind `numbers`; nothing where nothing was used. See `restore`. */
	abstract state(who: Cells, at: number, numbers: number[]): void;
	/** Takes back what `state` gave. */
	abstract restore(who: Cells, at: number, state: ArrayLike<number>): void;
}

const NONE: readonly number[] = [];

/** The end of the window, and what was used in it. */
export class CalendarWindow extends Window {
	override readonly width = 2;

	override used({ cells }: Cells, at: number, now: number): number {
		return now < (cells[at] ?? 0) ? (cells[at + 1] ?? 0) : 0;
	}

	override add({ cells }: Cells, at: number, amount: number, now: number): void {
		if (now >= (cells[at] ?? 0)) {
			cells[at] = this.budget.spanAt(now).end;
			cells[at + 1] = 0;
		}
		cells[at + 1] = (cells[at + 1] ?? 0) + amount;
	}

	override renews(_who: Cells, _at: number, _need: number, now: number): number {
		return this.budget.spanAt(now).end;
	}

	override state({ cells }: Cells, at: number, numbers: number[]): void {
		const used = cells[at + 1] ?? 0;
		if (used !== 0) numbers.push(cells[at] ?? 0, used);
	}

	override restore({ cells }: Cells, at: number, state: ArrayLike<number>): void {
		cells[at] = state[0] ?? 0;
		cells[at + 1] = state[1] ?? 0;
	}
}

/** Buckets of a rolling window. A bucket is forgotten when all of it is older than the window, so the window is a sixtieth too long, never too short. */
const BUCKETS = 60;

/** The number of the newest bucket, what was used in it, and in all. */
export class RollingWindow extends Window {
	override readonly width = 3;

	override used(who: Cells, at: number, now: number): number {
		const { cells } = who;
		if ((cells[at + 2] ?? 0) === 0) return 0;
		const oldest = this.#bucketAt(now) - BUCKETS;
		if ((cells[at] ?? 0) < oldest) {
			cells.fill(0, at, at + this.width);
			this.#keepOlder(who, []);
			return 0;
		}
		const older = who.older?.get(this);
		if (older !== undefined && (older[0] ?? 0) < oldest) {
			let over = 0;
			for (; over < older.length && (older[over] ?? 0) < oldest; over += 2) cells[at + 2] = (cells[at + 2] ?? 0) - (older[over + 1] ?? 0);
			this.#keepOlder(who, older.slice(over));
		}
		return cells[at + 2] ?? 0;
	}

	override add(who: Cells, at: number, amount: number, now: number): void {
		const { cells } = who;
		const used = this.used(who, at, now);
		const [bucket, newest = 0, inNewest = 0] = [this.#bucketAt(now), cells[at], cells[at + 1]];
		if (bucket > newest) {
			if (inNewest > 0) this.#keepOlder(who, [...(who.older?.get(this) ?? NONE), newest, inNewest]);
			cells[at] = bucket;
			cells[at + 1] = amount;
		} else {
			cells[at + 1] = inNewest + amount;
		}
		cells[at + 2] = used + amount;
	}

	override renews(who: Cells, at: number, need: number, now: number): number {
		let missing = this.used(who, at, now) + need - this.budget.limit;
		let until = now + RETRY_MS;
		const buckets: number[] = [];
		this.state(who, at, buckets);
		for (let bucket = 0; bucket < buckets.length && missing > 0; bucket += 2) {
			missing -= buckets[bucket + 1] ?? 0;
			until = ((buckets[bucket] ?? 0) + BUCKETS + 1) * this.#bucketMs;
		}
		return until;
	}

	/** Number of each bucket and what was used in it, oldest first. */
	override state(who: Cells, at: number, numbers: number[]): void {
		for (const each of who.older?.get(this) ?? NONE) numbers.push(each);
		const inNewest = who.cells[at + 1] ?? 0;
		if (inNewest !== 0) numbers.push(who.cells[at] ?? 0, inNewest);
	}

	override restore(who: Cells, at: number, state: ArrayLike<number>): void {
		const last = state.length - (state.length % 2) - 2;
		const older: number[] = [];
		let used = last < 0 ? 0 : (state[last + 1] ?? 0);
		for (let bucket = 0; bucket < last; bucket += 2) {
			older.push(state[bucket] ?? 0, state[bucket + 1] ?? 0);
			used += state[bucket + 1] ?? 0;
		}
		this.#keepOlder(who, older);
		who.cells[at] = last < 0 ? 0 : (state[last] ?? 0);
		who.cells[at + 1] = last < 0 ? 0 : (state[last + 1] ?? 0);
		who.cells[at + 2] = used;
	}

	#bucketAt(now: number): number {
		return Math.floor(now / this.#bucketMs);
	}

	get #bucketMs(): number {
		return this.budget.periodMs / BUCKETS;
	}

	#keepOlder(who: Cells, buckets: number[]): void {
		if (buckets.length > 0) {
			who.older ??= new Map();
			who.older.set(this, buckets);
		} else if (who.older !== null) {
			who.older.delete(this);
			if (who.older.size === 0) who.older = null;
		}
	}
}

/** The generic cell rate algorithm as a bucket that leaks: when it was looked at last, and its level then. The limit at once after a pause, and in the long
 *  run the limit per period. */
export class RateWindow extends Window {
	override readonly width = 2;

	override used({ cells }: Cells, at: number, now: number): number {
		return Math.max(0, (cells[at + 1] ?? 0) - (now - (cells[at] ?? 0)) * this.#perMs);
	}

	override add(who: Cells, at: number, amount: number, now: number): void {
		const { cells } = who;
		cells[at + 1] = this.used(who, at, now) + amount;
		cells[at] = Math.max(now, cells[at] ?? 0);
	}

	override renews(who: Cells, at: number, need: number, now: number): number {
		return now + Math.ceil((this.used(who, at, now) + need - this.budget.limit) / this.#perMs);
	}

	override state({ cells }: Cells, at: number, numbers: number[]): void {
		const level = cells[at + 1] ?? 0;
		if (level !== 0) numbers.push(cells[at] ?? 0, level);
	}

	override restore({ cells }: Cells, at: number, state: ArrayLike<number>): void {
		cells[at] = state[0] ?? 0;
		cells[at + 1] = state[1] ?? 0;
	}

	get #perMs(): number {
		return this.budget.limit / this.budget.periodMs;
	}
}

/** What runs at this moment: all of it is held, nothing is used up. */
export class ConcurrentWindow extends Window {
	override readonly width = 0;

	override used(): number {
		return 0;
	}

	override add(): void {
		// Whoever has ended runs no more.
	}

	override renews(_who: Cells, _at: number, _need: number, now: number): number {
		return now + RETRY_MS;
	}

	override state(): void {
		// Nothing runs after a restart.
	}

	override restore(): void {
		// There is nothing to take back.
	}
}
