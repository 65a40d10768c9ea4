/**
 * What one subject used and holds of each budget that ever concerned it.
 *
 *  - What requests hold that have not ended belongs to no window, and goes on counting when a window ends. What a request used is charged to the window in
 *    which it ends, so that window has room for it.
 *  - Of a budget that is not in force any more nothing is used, and what is added to it is lost.
 */
import type { BudgetScope } from "../model/budget-spec.ts";
import type { CountedBudget } from "./counted-budget.ts";
import type { Copy, Layout } from "./layout.ts";
import type { Recorded } from "./subject-records.ts";
import { type Cells, RETRY_MS, type Window } from "./window.ts";

export class SubjectCounters implements Cells, Recorded {
	readonly scope: BudgetScope;
	readonly subject: string;
	/** Has cells for every budget that ever concerned it. */
	layout: Layout;
	cells: Float64Array;
	older: Map<Window, number[]> | null = null;
	/** Requests that may still charge it something. */
	holds = 0;
	/** Whether anything was counted since it was last saved. */
	dirty = false;
	/** The save in which its record is that counts; -1 where it was never saved. */
	savedIn = -1;
	/** Whether it was forgotten: whoever still has it must look it up again, or would count beside what others count. */
	gone = false;
	#base: number;

	constructor(scope: BudgetScope, subject: string, layout: Layout) {
		this.scope = scope;
		this.subject = subject;
		this.layout = layout;
		const { cells, base } = layout.take();
		this.cells = cells;
		this.#base = base;
	}

	/** Of a budget by its place the cell that says what is held, before those of its window; -1 where there is none. */
	cellOf(place: number): number {
		const start = this.layout.startOf(place);
		return start < 0 ? -1 : this.#base + start;
	}

	/** What requests hold of a budget that have not ended. */
	reserved(budget: CountedBudget): number {
		const held = this.cellOf(budget.place);
		return held < 0 ? 0 : (this.cells[held] ?? 0);
	}

	/** Holds so much more; below 0 gives back. */
	reserve(budget: CountedBudget, amount: number): void {
		const held = this.cellOf(budget.place);
		if (held >= 0) this.cells[held] = (this.cells[held] ?? 0) + amount;
	}

	used(budget: CountedBudget, now: number): number {
		const held = this.cellOf(budget.place);
		return held < 0 ? 0 : budget.window.used(this, held + 1, now);
	}

	/** Charges. */
	add(budget: CountedBudget, amount: number, now: number): void {
		const held = this.cellOf(budget.place);
		if (held >= 0) budget.window.add(this, held + 1, amount, now);
	}

	/** What nobody uses and nobody holds. Below 0 where a limit was lowered, or an estimate was too low. */
	room(budget: CountedBudget, now: number): number {
		const held = this.cellOf(budget.place);
		if (held < 0) return budget.limit;
		return budget.limit - budget.window.used(this, held + 1, now) - (this.cells[held] ?? 0);
	}

	/** When enough of what was used is forgotten that `need` more fits, Unix ms; at the earliest, where others hold some of it. */
	renews(budget: CountedBudget, need: number, now: number): number {
		const held = this.cellOf(budget.place);
		return held < 0 ? now : budget.window.renews(this, held + 1, need, now);
	}

	/** When to try again to get `need`. */
	retryAt(budget: CountedBudget, need: number, now: number): number {
		return this.used(budget, now) + need <= budget.limit ? now + RETRY_MS : this.renews(budget, need, now);
	}

	/** Takes back of one budget what `state` gave: nothing is nothing used. */
	restore(budget: CountedBudget, state: ArrayLike<number>): void {
		const held = this.cellOf(budget.place);
		if (held >= 0) budget.window.restore(this, held + 1, state);
	}

	/** What is counted goes along as `copies` say; the cells it had are left as they are. */
	moveTo(layout: Layout, copies: readonly Copy[]): void {
		const { cells, base } = layout.take();
		for (const [from, to, count] of copies) {
			for (let cell = 0; cell < count; cell++) cells[base + to + cell] = this.cells[this.#base + from + cell] ?? 0;
		}
		for (const window of this.older?.keys() ?? [])
			if (!layout.budgets.some((budget) => budget.window === window)) this.older?.delete(window);
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
		const { budgets, starts } = this.layout;
		for (let at = 0; at < budgets.length; at++) {
			const held = this.#base + (starts[at] ?? 0);
			if (this.cells[held] !== 0 || budgets[at]?.window.used(this, held + 1, now) !== 0) return false;
		}
		return true;
	}

	/** As it is saved: see `SubjectRecords`. */
	state(numbers: number[]): void {
		const { budgets, starts } = this.layout;
		for (let at = 0; at < budgets.length; at++) {
			const budget = budgets[at];
			if (budget === undefined) continue;
			const length = numbers.push(budget.place, 0);
			budget.window.state(this, this.#base + (starts[at] ?? 0) + 1, numbers);
			if (numbers.length > length) {
				numbers[length - 1] = numbers.length - length;
			} else {
				numbers.pop();
				numbers.pop();
			}
		}
	}
}
