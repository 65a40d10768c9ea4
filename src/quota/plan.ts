/**
 * The budgets that concern one kind of request of one caller: looked up once, and then walked by number.
 *
 * What is the same for many callers is in the kind, and the numbers of one caller lie side by side: a hundred thousand callers take turns, so what a request
 * costs is how many places in memory it visits.
 */
import { invariant } from "../std/invariant.ts";
import type { CountedBudget } from "./counted-budget.ts";
import type { Counter } from "./counter.ts";
import type { SubjectCounters } from "./subject-counters.ts";

export interface Plan {
	/** Whose counters these are: each once. */
	readonly subjects: readonly SubjectCounters[];
	readonly kind: PlanKind;
}

/** What is the same for all callers whom the same budgets concern. What is worked out of it can be kept with it: a reload makes new ones. */
export interface PlanKind {
	readonly budgets: readonly CountedBudget[];
	/** Of each budget: which of the plan's subjects it counts. */
	readonly whose: readonly number[];
	/** Of those that count requests: their numbers. */
	readonly requests: readonly number[];
	/** Whether it matters how much a request uses, and not only that it is there. */
	readonly weighs: boolean;
	/** Whether a budget wants to know of tokens as they pass. */
	readonly bounds: boolean;
}

export const NO_PLAN: Plan = Object.freeze({ subjects: [], kind: { budgets: [], whose: [], requests: [], weighs: false, bounds: false } });

/** Whom the budget with this number counts. */
export function whoOf({ subjects, kind }: Plan, at: number): SubjectCounters {
	const who = subjects[kind.whose[at] ?? -1];
	invariant(who !== undefined, "every budget of a plan counts one of its subjects");
	return who;
}

export function countersIn(plan: Plan): readonly Counter[] {
	return plan.kind.budgets.map((budget, at) => ({ budget, who: whoOf(plan, at) }));
}

/** Whether what a request used of a budget is known only when it has ended. */
export function isWeighed({ unit }: CountedBudget): boolean {
	return unit !== "requests" && unit !== "concurrent";
}
