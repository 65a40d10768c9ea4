/**
 * How much of one budget one subject has used, window by window.
 *
 *  - `reserved` is what requests hold that have not ended; it belongs to no window, and goes on counting when a window ends. What a request used is
 *    charged to the window in which it ends, so that window has room for it.
 *  - Four kinds of window, one interface. Times are those of the ledger's clock, which does not go back.
 */
import type { BudgetSpec } from "../model/budget-spec.ts";
import type { Span } from "./calendar-span.ts";

/** What a counter knows of its budget. */
export interface CountedBudget {
	readonly spec: BudgetSpec;
	readonly limit: number;
	/** Among the budgets in force. */
	readonly place: number;
	/** 0 where there is none. */
	readonly periodMs: number;
	spanAt(now: number): Span;
}

/** How soon to try again where others hold what is missing, and nobody knows when they end. */
const RETRY_MS = 1_000;

export abstract class Counter {
	readonly budget: CountedBudget;
	readonly subject: string;
	reserved = 0;

	constructor(budget: CountedBudget, subject: string) {
		this.budget = budget;
		this.subject = subject;
	}

	abstract used(now: number): number;
	/** Charges. */
	abstract add(amount: number, now: number): void;
	/** When enough of what was used is forgotten that `need` more fits, Unix ms; at the earliest, where others hold some of it. */
	abstract renews(need: number, now: number): number;
	/** What survives a restart; see `restore`. */
	abstract state(): readonly number[];
	/** Takes back what `state` gave; what is not of this kind is nothing. */
	abstract restore(state: readonly number[]): void;

	/** What nobody uses and nobody holds. Below 0 where a limit was lowered, or an estimate was too low. */
	room(now: number): number {
		return this.budget.limit - this.used(now) - this.reserved;
	}

	/** When to try again to get `need`. */
	retryAt(need: number, now: number): number {
		return this.used(now) + need <= this.budget.limit ? now + RETRY_MS : this.renews(need, now);
	}
}

export class CalendarCounter extends Counter {
	#end = 0;
	#used = 0;

	used(now: number): number {
		return now < this.#end ? this.#used : 0;
	}

	add(amount: number, now: number): void {
		if (now >= this.#end) {
			this.#used = 0;
			this.#end = this.budget.spanAt(now).end;
		}
		this.#used += amount;
	}

	renews(_need: number, now: number): number {
		return this.budget.spanAt(now).end;
	}

	state(): readonly number[] {
		return [this.#end, this.#used];
	}

	restore([end = 0, used = 0]: readonly number[]): void {
		this.#end = end;
		this.#used = used;
	}
}

/** Buckets of a rolling window. A bucket is forgotten when all of it is older than the window, so the window is a sixtieth too long, never too short. */
const BUCKETS = 60;

export class RollingCounter extends Counter {
	/** Number of each bucket and what was used in it, one after the other, oldest first. */
	#buckets: number[] = [];
	#used = 0;

	used(now: number): number {
		const oldest = Math.floor(now / this.#width) - BUCKETS;
		let over = 0;
		while (over < this.#buckets.length && (this.#buckets[over] ?? 0) < oldest) {
			this.#used -= this.#buckets[over + 1] ?? 0;
			over += 2;
		}
		if (over > 0) this.#buckets.splice(0, over);
		return this.#used;
	}

	add(amount: number, now: number): void {
		this.#used = this.used(now) + amount;
		const number = Math.floor(now / this.#width);
		const last = this.#buckets.length - 2;
		if (last >= 0 && (this.#buckets[last] ?? 0) >= number) this.#buckets[last + 1] = (this.#buckets[last + 1] ?? 0) + amount;
		else this.#buckets.push(number, amount);
	}

	renews(need: number, now: number): number {
		let missing = this.used(now) + need - this.budget.limit;
		let until = now + RETRY_MS;
		for (let at = 0; at < this.#buckets.length && missing > 0; at += 2) {
			missing -= this.#buckets[at + 1] ?? 0;
			until = ((this.#buckets[at] ?? 0) + BUCKETS + 1) * this.#width;
		}
		return until;
	}

	state(): readonly number[] {
		return this.#buckets.slice();
	}

	restore(state: readonly number[]): void {
		this.#buckets = state.slice(0, state.length - (state.length % 2));
		this.#used = 0;
		for (let at = 0; at < this.#buckets.length; at += 2) this.#used += this.#buckets[at + 1] ?? 0;
	}

	get #width(): number {
		return this.budget.periodMs / BUCKETS;
	}
}

/** The generic cell rate algorithm as a bucket that leaks: the limit at once after a pause, and in the long run the limit per period. */
export class RateCounter extends Counter {
	#level = 0;
	#at = 0;

	used(now: number): number {
		return Math.max(0, this.#level - (now - this.#at) * this.#perMs);
	}

	add(amount: number, now: number): void {
		this.#level = this.used(now) + amount;
		this.#at = Math.max(now, this.#at);
	}

	renews(need: number, now: number): number {
		return now + Math.ceil((this.used(now) + need - this.budget.limit) / this.#perMs);
	}

	state(): readonly number[] {
		return [this.#at, this.#level];
	}

	restore([at = 0, level = 0]: readonly number[]): void {
		this.#at = at;
		this.#level = level;
	}

	get #perMs(): number {
		return this.budget.limit / this.budget.periodMs;
	}
}

/** What runs at this moment: all of it is held, nothing is used up. */
export class ConcurrentCounter extends Counter {
	used(): number {
		return 0;
	}

	add(): void {
		// Whoever has ended runs no more.
	}

	renews(_need: number, now: number): number {
		return now + RETRY_MS;
	}

	state(): readonly number[] {
		return [];
	}

	restore(): void {
		// Nothing runs after a restart.
	}
}
