/** What whoever does not fit into a budget is answered: which one it is, when there is room again, and what is left of all of them. */
import { type Deny, deny } from "../model/decision.ts";
import type { Dialect } from "../model/operation-class.ts";
import type { Counter } from "../quota/counter.ts";
import type { Reservation } from "../quota/reservation.ts";
import { budgetFields } from "./budget-fields.ts";
import { budgetExceededText } from "./budget-text.ts";

/** `needed`: in the unit's smallest thing. `retryAt`: Unix ms. */
export function budgetRefusal(
	{ counter, needed, retryAt }: { readonly counter: Counter; readonly needed: number; readonly retryAt: number },
	standing: Pick<Reservation, "plan" | "now">,
	dialect: Dialect,
): Deny {
	const { spec } = counter.budget;
	const whose = counter.subject === "" ? "" : ` of ${counter.subject}`;
	return {
		...deny("budget-exceeded", `${spec.name}${whose}: ${spec.unit}`, Math.max(1, retryAt - standing.now)),
		told: budgetExceededText(spec, needed, retryAt),
		fields: budgetFields(standing, dialect),
		budget: spec.name,
	};
}
