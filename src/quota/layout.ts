/**
 * Where the numbers of a subject lie: so many cells for each of the budgets that ever concerned it, side by side with those of other subjects whom the same
 * budgets concern.
 *
 * Cells are handed out of large arrays and taken back when a subject is forgotten; the arrays stay for whoever comes next.
 */
import type { CountedBudget } from "./counted-budget.ts";

/** The first array is small, since there are selections of budgets that concern a single caller; each further one is twice as large. */
const SUBJECTS_LEAST = 8;
const SUBJECTS_MOST = 1_024;

export type Copy = readonly [from: number, to: number, cells: number];

export interface Place {
	readonly cells: Float64Array;
	/** The first cell. */
	readonly base: number;
}

export class Layout {
	/** In the order in which they are in force. */
	readonly budgets: readonly CountedBudget[];
	/** Of each of them the first cell, counted from the subject's first. */
	readonly starts: readonly number[];
	readonly width: number;
	/** The same by the budgets' places; -1 for a budget that is not among them. */
	readonly #startAt: Int32Array;
	#cells = new Float64Array(0);
	/** Subjects that fit there, and that are. */
	#room = 0;
	#taken = 0;
	readonly #free: Place[] = [];

	constructor(budgets: readonly CountedBudget[]) {
		this.budgets = budgets;
		const starts: number[] = [];
		let width = 0;
		this.#startAt = new Int32Array((budgets.at(-1)?.place ?? -1) + 1).fill(-1);
		for (const { place, window } of budgets) {
			starts.push(width);
			this.#startAt[place] = width;
			// What is held, and what the window counts.
			width += 1 + window.width;
		}
		this.starts = starts;
		this.width = width;
	}

	/** -1 where the budget has no cells, or is not in force any more. */
	startOf(place: number): number {
		return place < 0 || place >= this.#startAt.length ? -1 : (this.#startAt[place] ?? -1);
	}

	has(other: Layout): boolean {
		return this === other || other.budgets.every(({ place }) => this.startOf(place) >= 0);
	}

	/** What has to be copied for budgets that the other knows too: from which cell, to which, how many. */
	copiesTo(other: Layout): readonly Copy[] {
		const copies: Copy[] = [];
		for (const [at, budget] of this.budgets.entries()) {
			const to = other.starts[other.budgets.indexOf(budget)];
			if (to !== undefined) copies.push([this.starts[at] ?? 0, to, 1 + budget.window.width]);
		}
		return copies;
	}

	/** Cells that are all 0. */
	take(): Place {
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
		cells.fill(0, base, base + this.width);
		this.#free.push({ cells, base });
	}
}
