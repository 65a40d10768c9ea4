/** How a budget stands for one subject, as it is shown: in the unit's smallest thing. */
import type { BudgetSpec } from "../model/budget-spec.ts";
import type { Counter } from "./counter.ts";

export interface Standing {
	readonly spec: BudgetSpec;
	readonly subject: string;
	readonly used: number;
	/** By requests that run at this moment. */
	readonly held: number;
	/** Unix ms: when all of it is there again, if nothing more is used; null where nothing is used. */
	readonly renewsAt: number | null;
}

export function standingOf({ budget, who }: Counter, now: number): Standing {
	const used = who.used(budget, now);
	const renewsAt = used === 0 ? null : who.renews(budget, budget.limit, now);
	return { spec: budget.spec, subject: who.subject, used, held: who.reserved(budget), renewsAt };
}
