import type { BudgetSpec } from "../model/budget-spec.ts";
import type { MeasuredBudget, Window } from "./window.ts";

/** What is known of a budget where it is counted. */
export interface CountedBudget extends MeasuredBudget {
	readonly spec: BudgetSpec;
	/** Among the budgets in force; -1 where it is not in force any more. */
	readonly place: number;
	readonly window: Window;
}
