/**
 * Who is counted: for each subject of a scope, what all budgets of that scope know of it, side by side.
 *
 *  - One look-up finds the counters of ten budgets, and what changed of them is saved as one.
 *  - Bounded. Subjects beyond the bound share one set of counters, so whoever can make up subjects gains nothing.
 */
import type { BudgetScope } from "../model/budget-spec.ts";
import type { CountedBudget } from "./counted-budget.ts";
import { type Copy, Layout } from "./layout.ts";
import { SubjectCounters } from "./subject-counters.ts";

/** Keys and principals are the operator's to make; networks and models are whatever callers come from and ask for. */
const SUBJECTS_MAX = { key: 1_000_000, principal: 1_000_000, group: 10_000, model: 4_096, network: 65_536, everyone: 1 } as const;
/** No id, group, canonical model name or network begins with an underscore. */
export const OTHERS = "_other";

export class Subjects {
	readonly #scope: BudgetScope;
	readonly #all = new Map<string, SubjectCounters>();
	readonly #layouts = new Map<string, Layout>();

	constructor(scope: BudgetScope) {
		this.#scope = scope;
	}

	get size(): number {
		return this.#all.size;
	}

	/** The layout of those whom these budgets concern. */
	layoutOf(budgets: readonly CountedBudget[]): Layout {
		const sorted = budgets.toSorted((one, other) => one.place - other.place);
		const key = sorted.map(({ place }) => place).join(" ");
		let layout = this.#layouts.get(key);
		if (layout === undefined) {
			layout = new Layout(this.#scope, sorted);
			this.#layouts.set(key, layout);
		}
		return layout;
	}

	/** How many the budget has cells for. */
	countOf({ place }: CountedBudget): number {
		let count = 0;
		for (const layout of this.#layouts.values()) if (layout.usedAt(place) >= 0) count += layout.subjects;
		return count;
	}

	find(subject: string): SubjectCounters | undefined {
		return this.#all.get(subject);
	}

	/** Has cells for the budgets of the layout from then on. */
	of(subject: string, layout: Layout): SubjectCounters {
		const known = this.#all.get(subject);
		if (known !== undefined) {
			if (!known.layout.has(layout)) this.#widen(known, layout);
			return known;
		}
		if (this.#all.size >= SUBJECTS_MAX[this.#scope] && subject !== OTHERS) return this.of(OTHERS, layout);
		const made = new SubjectCounters(subject, layout);
		this.#all.set(subject, made);
		return made;
	}

	all(): Iterable<SubjectCounters> {
		return this.#all.values();
	}

	/** Forgets `subject`: nothing of it counts any more, and nothing runs. */
	forget(subject: SubjectCounters): void {
		subject.gone = true;
		this.#all.delete(subject.subject);
		subject.leave();
	}

	/** The budgets in force, or their places, are others than before. */
	rearrange(): void {
		const moves = new Map<Layout, readonly [to: Layout, copies: readonly Copy[]]>();
		this.#layouts.clear();
		for (const each of this.#all.values()) {
			const from = each.layout;
			let move = moves.get(from);
			if (move === undefined) {
				const to = this.layoutOf(from.budgets.filter(({ place }) => place >= 0));
				move = [to, from.copiesTo(to)];
				moves.set(from, move);
			}
			each.moveTo(...move);
		}
	}

	#widen(known: SubjectCounters, layout: Layout): void {
		const { layout: narrow } = known;
		const wide = this.layoutOf([...new Set([...narrow.budgets, ...layout.budgets])]);
		known.moveTo(wide, narrow.copiesTo(wide));
	}
}
