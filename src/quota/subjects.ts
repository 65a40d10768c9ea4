/**
 * Who is counted: for each subject of a scope, what all budgets of that scope know of it, side by side.
 *
 *  - One look-up finds the counters of ten budgets, and what changed of them is saved as one.
 *  - Bounded. Subjects beyond the bound share one set of counters, so whoever can make up subjects gains nothing.
 */
import type { BudgetScope } from "../model/budget-spec.ts";
import type { CountedBudget, Counter } from "./counter.ts";

/** Keys and principals are the operator's to make; networks and models are whatever callers come from and ask for. */
const SUBJECTS_MAX = { key: 1_000_000, principal: 1_000_000, group: 10_000, model: 4_096, network: 65_536, everyone: 1 } as const;
/** No id, group, canonical model name or network begins with an underscore. */
export const OTHERS = "_other";

/** A budget that can be counted for somebody new. */
export interface Countable extends CountedBudget {
	newCounter(subject: string): Counter;
}

export class SubjectCounters {
	readonly scope: BudgetScope;
	readonly subject: string;
	/** Of each budget that ever concerned it. */
	counters: Counter[] = [];
	/** Requests that may still charge it something. */
	holds = 0;
	/** Whether anything was counted since it was last saved. */
	dirty = false;
	/** Whether it was forgotten: whoever still has it must look it up again, or would count beside what others count. */
	gone = false;

	constructor(scope: BudgetScope, subject: string) {
		this.scope = scope;
		this.subject = subject;
	}

	find(budget: CountedBudget): Counter | undefined {
		for (const counter of this.counters) if (counter.budget === budget) return counter;
		return undefined;
	}

	counterOf(budget: Countable): Counter {
		const known = this.find(budget);
		if (known !== undefined) return known;
		const counter = budget.newCounter(this.subject);
		this.counters.push(counter);
		return counter;
	}

	isIdle(now: number): boolean {
		if (this.holds > 0) return false;
		for (const counter of this.counters) if (counter.reserved !== 0 || counter.used(now) !== 0) return false;
		return true;
	}

	/** As it is saved: see `SubjectState`. */
	state(): readonly number[] {
		const numbers: number[] = [];
		for (const counter of this.counters) {
			const state = counter.state();
			if (state.length === 0) continue;
			numbers.push(counter.budget.place, state.length);
			for (const each of state) numbers.push(each);
		}
		return numbers;
	}
}

export class Subjects {
	readonly #scope: BudgetScope;
	readonly #all = new Map<string, SubjectCounters>();

	constructor(scope: BudgetScope) {
		this.#scope = scope;
	}

	of(subject: string): SubjectCounters {
		const known = this.#all.get(subject);
		if (known !== undefined) return known;
		if (this.#all.size >= SUBJECTS_MAX[this.#scope] && subject !== OTHERS) return this.of(OTHERS);
		const made = new SubjectCounters(this.#scope, subject);
		this.#all.set(subject, made);
		return made;
	}

	all(): Iterable<SubjectCounters> {
		return this.#all.values();
	}

	/** Forgets counters of budgets that are not in force any more. */
	keepOnly(budgets: ReadonlySet<CountedBudget>): void {
		for (const each of this.#all.values()) each.counters = each.counters.filter(({ budget }) => budgets.has(budget));
	}

	/** Forgets whoever has used nothing that still counts, and returns them. */
	forgetIdle(now: number): readonly SubjectCounters[] {
		const idle: SubjectCounters[] = [];
		for (const each of this.#all.values()) {
			if (!each.isIdle(now)) continue;
			each.gone = true;
			this.#all.delete(each.subject);
			idle.push(each);
		}
		return idle;
	}
}
