/**
 * Where the numbers of a subject lie: when it was looked at last, what is used of each of the budgets that ever concerned it, and what is held of each, side
 * by side with those of other subjects whom the same budgets concern.
 *
 * Cells are handed out of large arrays and taken back when a subject is forgotten; the arrays stay for whoever comes next.
 */
import type { BudgetScope } from "../model/budget-spec.ts";
import type { Span } from "./calendar-span.ts";
import type { CountedBudget } from "./counted-budget.ts";

/** The first array is small, since there are selections of budgets that concern a single caller; each further one is twice as large. */
const SUBJECTS_LEAST = 8;
const SUBJECTS_MOST = 1_024;

/** Of a budget: which it is in one layout, and which in another. */
export type Copy = readonly [from: number, to: number];

export interface Place {
	readonly cells: Float64Array;
	/** The cell that says when the subject was looked at last. Behind it what is used, in the order of the budgets, and behind that what is held. */
	readonly base: number;
}

export class Layout {
	readonly scope: BudgetScope;
	/** In the order in which they are in force. */
	readonly budgets: readonly CountedBudget[];
	/** Those of which something is forgotten all the time. */
	readonly flowing: readonly CountedBudget[];
	/** Those of which something is forgotten when a span ends. */
	readonly stepping: readonly CountedBudget[];
	readonly width: number;
	/** Of budgets by their places the cell that says what is used, counted from the subject's first; -1 for a budget that is not among them. */
	readonly #usedAt: Int32Array;
	#span: Span = { start: 0, end: 0 };
	/** Another one of which that is known: callers whom different budgets concern at different times ask with every request. */
	#hasToo: Layout | null = null;
	#cells = new Float64Array(0);
	/** Subjects that fit there, and that are. */
	#room = 0;
	#taken = 0;
	readonly #free: Place[] = [];
	#subjects = 0;

	constructor(scope: BudgetScope, budgets: readonly CountedBudget[]) {
		this.scope = scope;
		this.budgets = budgets;
		this.flowing = budgets.filter(({ window }) => window.flows);
		this.stepping = budgets.filter(({ window }) => !window.flows);
		this.width = 1 + 2 * budgets.length;
		this.#usedAt = new Int32Array((budgets.at(-1)?.place ?? -1) + 1).fill(-1);
		for (const [at, { place }] of budgets.entries()) this.#usedAt[place] = 1 + at;
	}

	/** How many have it. */
	get subjects(): number {
		return this.#subjects;
	}

	/** -1 where the budget has no cells, or is not in force any more. */
	usedAt(place: number): number {
		return place < 0 || place >= this.#usedAt.length ? -1 : (this.#usedAt[place] ?? -1);
	}

	has(other: Layout): boolean {
		if (this === other || this.#hasToo === other) return true;
		const has = other.budgets.every(({ place }) => this.usedAt(place) >= 0);
		if (has) this.#hasToo = other;
		return has;
	}

	/** The time around `now` in which of no budget anything is forgotten but of those that flow. Worked out once for all subjects. */
	spanAt(now: number): Span {
		if (now >= this.#span.start && now < this.#span.end) return this.#span;
		const spans = this.stepping.map(({ window }) => window.spanAt(now));
		const [starts, ends] = [spans.map(({ start }) => start), spans.map(({ end }) => end)];
		this.#span = { start: Math.max(...starts), end: Math.min(...ends) };
		return this.#span;
	}

	/** What has to be copied for budgets that the other knows too. */
	copiesTo(other: Layout): readonly Copy[] {
		const copies: Copy[] = [];
		for (const [from, budget] of this.budgets.entries()) {
			const to = other.budgets.indexOf(budget);
			if (to !== -1) copies.push([from, to]);
		}
		return copies;
	}

	/** Cells that are all 0. */
	take(): Place {
		this.#subjects += 1;
		const free = this.#free.pop();
		if (free !== undefined) return free;
		if (this.#taken === this.#room) {
			this.#room = Math.min(SUBJECTS_MOST, Math.max(SUBJECTS_LEAST, this.#room * 2));
			this.#taken = 0;
			this.#cells = new Float64Array(this.#room * this.width);
		}
		const base = this.#taken * this.width;
		this.#taken += 1;
		return { cells: this.#cells, base };
	}

	giveBack(cells: Float64Array, base: number): void {
		this.#subjects -= 1;
		cells.fill(0, base, base + this.width);
		this.#free.push({ cells, base });
	}
}
