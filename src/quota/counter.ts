/**
 * One budget of one subject, as far as it is used.
 *
 *  - `reserved` is what requests hold that have not ended; it belongs to no window, and goes on counting when a window ends. What a request used is
 *    charged to the window in which it ends, so that window has room for it.
 *  - A view: the numbers are among the subject's cells, and all views of them show the same. Of a budget that is not in force any more it shows 0, and
 *    what is added to it is lost.
 */
import type { CountedBudget } from "./counted-budget.ts";
import type { Layout } from "./layout.ts";
import type { SubjectCounters } from "./subjects.ts";
import { RETRY_MS } from "./window.ts";

export class Counter {
	readonly budget: CountedBudget;
	readonly #who: SubjectCounters;
	/** While the subject has this layout, its cells are there. */
	#layout: Layout | null = null;
	#at = -1;

	constructor(budget: CountedBudget, who: SubjectCounters) {
		this.budget = budget;
		this.#who = who;
	}

	get subject(): string {
		return this.#who.subject;
	}

	isOf(budget: CountedBudget, who: SubjectCounters): boolean {
		return this.budget === budget && this.#who === who;
	}

	get reserved(): number {
		const at = this.#cell();
		return at < 0 ? 0 : (this.#who.cells[at] ?? 0);
	}

	set reserved(amount: number) {
		const at = this.#cell();
		if (at >= 0) this.#who.cells[at] = amount;
	}

	used(now: number): number {
		const at = this.#cell();
		return at < 0 ? 0 : this.budget.window.used(this.#who, at + 1, now);
	}

	/** Charges. */
	add(amount: number, now: number): void {
		const at = this.#cell();
		if (at >= 0) this.budget.window.add(this.#who, at + 1, amount, now);
	}

	/** When enough of what was used is forgotten that `need` more fits, Unix ms; at the earliest, where others hold some of it. */
	renews(need: number, now: number): number {
		const at = this.#cell();
		return at < 0 ? now : this.budget.window.renews(this.#who, at + 1, need, now);
	}

	/** What nobody uses and nobody holds. Below 0 where a limit was lowered, or an estimate was too low. */
	room(now: number): number {
		const at = this.#cell();
		if (at < 0) return this.budget.limit;
		return this.budget.limit - this.budget.window.used(this.#who, at + 1, now) - (this.#who.cells[at] ?? 0);
	}

	/** When to try again to get `need`. */
	retryAt(need: number, now: number): number {
		return this.used(now) + need <= this.budget.limit ? now + RETRY_MS : this.renews(need, now);
	}

	/** What survives a restart; see `restore`. */
	state(): readonly number[] {
		const at = this.#cell();
		const numbers: number[] = [];
		if (at >= 0) this.budget.window.state(this.#who, at + 1, numbers);
		return numbers;
	}

	/** Takes back what `state` gave: nothing is nothing used. */
	restore(state: ArrayLike<number>): void {
		const at = this.#cell();
		if (at >= 0) this.budget.window.restore(this.#who, at + 1, state);
	}

	#cell(): number {
		const { layout } = this.#who;
		if (layout !== this.#layout) {
			this.#layout = layout;
			this.#at = this.#who.cellOf(this.budget.place);
		}
		return this.#at;
	}
}
