import type { BudgetSpec } from "../model/budget-spec.ts";
import type { MeasuredBudget, Window } from "./window.ts";

/** What is known of a budget where it is counted. What every request asks of it stands here once more: each further object is a place in memory to visit. */
export interface CountedBudget extends MeasuredBudget, Pick<BudgetSpec, "unit" | "onExhausted"> {
	readonly spec: BudgetSpec;
	/** Among the budgets in force; -1 where it is not in force any more. */
	readonly place: number;
	readonly window: Window;
}
