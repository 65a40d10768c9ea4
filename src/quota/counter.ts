import type { CountedBudget } from "./counted-budget.ts";
import type { SubjectCounters } from "./subject-counters.ts";

/** One budget of one subject. */
export interface Counter {
	readonly budget: CountedBudget;
	readonly who: SubjectCounters;
}
