/**
 * What one subject used and holds of each budget that ever concerned it.
 *
 *  - What requests hold that have not ended belongs to no window, and goes on counting when a window ends. What a request used is charged to the window in
 *    which it ends, so that window has room for it.
 *  - Whoever looks brings what is used up to that moment first; from then on it is a number for every window.
 *  - Of a budget that is not in force any more nothing is used, and what is added to it is lost.
 */
import type { CountedBudget } from "./counted-budget.ts";
import type { Copy, Layout } from "./layout.ts";
import type { Recorded } from "./subject-records.ts";
import { type Cells, keepOlder, RETRY_MS, type Window } from "./window.ts";

/** What a record says of one budget. */
export interface CountedBefore {
	readonly budget: CountedBudget;
	readonly used: number;
	/** Of a rolling window; see `Cells`. */
	readonly older: readonly number[];
}

const NO_OLDER: readonly number[] = [];

export class SubjectCounters implements Cells, Recorded {
	// In this order: what every request needs of a hundred thousand callers lies in one place.
	/** Has cells for every budget that ever concerned it. */
	layout: Layout;
	cells: Float64Array;
	#base: number;
	/** Requests that may still charge it something. */
	holds = 0;
	older: Map<Window, number[]> | null = null;
	hasNewOlder = false;
	/** The save in which its record is that counts, also one that is still to come; -1 where there is none. */
	savedIn = -1;
	/** Where in that save; see `RecordWriter`. */
	recordedAt = -1;
	/** Whether it was forgotten, and its cells are somebody else's. */
	gone = false;
	readonly subject: string;

	constructor(subject: string, layout: Layout) {
		this.subject = subject;
		this.layout = layout;
		const { cells, base } = layout.take();
		this.cells = cells;
		this.#base = base;
	}

	/** Whether the budget has cells here. */
	counts({ place }: CountedBudget): boolean {
		return this.layout.usedAt(place) >= 0;
	}

	/** What requests hold of a budget that have not ended. */
	reserved(budget: CountedBudget): number {
		const at = this.#cellOf(budget);
		return at < 0 ? 0 : (this.cells[this.#heldBeside(at)] ?? 0);
	}

	/** Holds so much more; below 0 gives back. */
	reserve(budget: CountedBudget, amount: number): void {
		const at = this.#cellOf(budget);
		if (at < 0) return;
		const held = this.#heldBeside(at);
		this.cells[held] = (this.cells[held] ?? 0) + amount;
	}

	used(budget: CountedBudget, now: number): number {
		const at = this.#cellOf(budget);
		if (at < 0) return 0;
		this.#pass(now);
		return this.cells[at] ?? 0;
	}

	/** Charges. */
	add(budget: CountedBudget, amount: number, now: number): void {
		const at = this.#cellOf(budget);
		if (at < 0) return;
		this.#pass(now);
		this.cells[at] = (this.cells[at] ?? 0) + amount;
	}

	/** What nobody uses and nobody holds. Below 0 where a limit was lowered, or an estimate was too low. */
	room(budget: CountedBudget, now: number): number {
		const at = this.#cellOf(budget);
		if (at < 0) return budget.limit;
		this.#pass(now);
		return budget.limit - (this.cells[at] ?? 0) - (this.cells[this.#heldBeside(at)] ?? 0);
	}

	/** When enough of what was used is forgotten that `need` more fits, Unix ms; at the earliest, where others hold some of it. */
	renews(budget: CountedBudget, need: number, now: number): number {
		const at = this.#cellOf(budget);
		if (at < 0) return now;
		this.#pass(now);
		return budget.window.renews(this, at, need, now);
	}

	/** When to try again to get `need`. */
	retryAt(budget: CountedBudget, need: number, now: number): number {
		return this.used(budget, now) + need <= budget.limit ? now + RETRY_MS : this.renews(budget, need, now);
	}

	/** Nothing is used any more; what is held stays held. */
	clear(budget: CountedBudget): void {
		const at = this.#cellOf(budget);
		if (at < 0) return;
		this.cells[at] = 0;
		keepOlder(this, budget.window, []);
	}

	/** Takes over a record, of whoever was not counted yet. `seen`: when these were true. */
	restore(seen: number, counted: readonly CountedBefore[]): void {
		this.cells[this.#base] = seen;
		for (const { budget, used, older } of counted) {
			const at = this.#cellOf(budget);
			if (at < 0) continue;
			this.cells[at] = used;
			keepOlder(this, budget.window, [...older]);
		}
	}

	/** What is counted goes along as `copies` say; the cells it had are somebody else's. */
	moveTo(layout: Layout, copies: readonly Copy[]): void {
		const { cells, base } = layout.take();
		cells[base] = this.cells[this.#base] ?? 0;
		for (const [from, to] of copies) {
			cells[base + 1 + to] = this.cells[this.#base + 1 + from] ?? 0;
			cells[base + 1 + layout.budgets.length + to] = this.cells[this.#heldBeside(this.#base + 1 + from)] ?? 0;
		}
		for (const window of this.older?.keys() ?? [])
			if (!layout.budgets.some((budget) => budget.window === window)) this.older?.delete(window);
		this.leave();
		this.layout = layout;
		this.cells = cells;
		this.#base = base;
	}

	/** Its cells are somebody else's from now on. */
	leave(): void {
		this.layout.giveBack(this.cells, this.#base);
	}

	isIdle(now: number): boolean {
		if (this.holds > 0) return false;
		this.#pass(now);
		for (let at = 1; at < this.layout.width; at++) if (this.cells[this.#base + at] !== 0) return false;
		return true;
	}

	recordTo(numbers: Float64Array, at: number): void {
		const { cells } = this;
		const first = this.#base;
		for (let cell = 0; cell <= this.layout.budgets.length; cell++) numbers[at + cell] = cells[first + cell] ?? 0;
	}

	recordedOlder(): readonly number[] {
		const { older, layout } = this;
		this.hasNewOlder = false;
		if (older === null) return NO_OLDER;
		const numbers: number[] = [];
		for (const [at, { window }] of layout.budgets.entries()) {
			const buckets = older.get(window);
			if (buckets !== undefined) numbers.push(at, buckets.length, ...buckets);
		}
		return numbers;
	}

	/** The cell that says what is used. Below 0 where there is none. */
	#cellOf({ place }: CountedBudget): number {
		const start = this.layout.usedAt(place);
		return start < 0 ? -1 : this.#base + start;
	}

	/** The cell that says what is held of the same budget. */
	#heldBeside(used: number): number {
		return used + this.layout.budgets.length;
	}

	/** What is used is brought up to `now`. */
	#pass(now: number): void {
		const seen = this.cells[this.#base] ?? 0;
		if (seen < now) this.#forget(seen, now);
	}

	#forget(seen: number, now: number): void {
		const { cells, layout } = this;
		cells[this.#base] = now;
		for (const budget of layout.flowing) budget.window.pass(this, this.#cellOf(budget), seen, now);
		if (seen >= layout.spanAt(now).start) return;
		for (const budget of layout.stepping) budget.window.pass(this, this.#cellOf(budget), seen, now);
	}
}
