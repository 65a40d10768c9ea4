/** What whoever does not fit into a budget is answered: which one it is, when there is room again, and what is left of all of them. */
import { type Deny, deny } from "../model/decision.ts";
import type { Dialect } from "../model/operation-class.ts";
import type { Counter } from "../quota/counter.ts";
import type { Reservation } from "../quota/reservation.ts";
import { budgetFields } from "./budget-fields.ts";
import { budgetExceededText } from "./budget-text.ts";

/** The SDKs of OpenAI and Anthropic wait no longer than this: they would try twice more at once, and in vain. */
const PATIENCE_MS = 60_000;
const NO_RETRY = ["x-should-retry", "false"] as const;

/** `needed`: in the unit's smallest thing. `retryAt`: Unix ms. */
export function budgetRefusal(
	{ counter, needed, retryAt }: { readonly counter: Counter; readonly needed: number; readonly retryAt: number },
	standing: Pick<Reservation, "plan" | "now">,
	dialect: Dialect,
): Deny {
	const { budget, who } = counter;
	const { spec } = budget;
	const fields = budgetFields(standing.plan, standing.now, dialect);
	const isFarOff = dialect !== "ollama" && retryAt - standing.now > PATIENCE_MS;
	const whose = who.subject === "" ? "" : ` of ${who.subject}`;
	return {
		...deny("budget-exceeded", `${spec.name}${whose}: ${spec.unit}`, Math.max(1, retryAt - standing.now)),
		told: budgetExceededText(spec, needed, retryAt, who.used(budget, standing.now)),
		fields: isFarOff ? [...fields, NO_RETRY] : fields,
		budget: spec.name,
	};
}
