/**
 * authorize: may this principal do this?
 *
 * The policy decides; this stage only asks. What it grants is the request as clamped, which is what will be sent.
 */
import { type Decision, permit } from "../../model/decision.ts";
import type { Policy } from "../../policy/compile.ts";
import { evaluate } from "../../policy/evaluate.ts";
import type { Authorized, Understood } from "../exchange.ts";

export function authorize(understood: Understood, policy: Policy): Decision<Authorized> {
	const decision = evaluate(policy, understood.principal, understood.judged);
	if (!decision.permitted) return decision;
	const { id, at, caller, head, dialect, principal } = understood;
	return permit({ id, at, caller, head, dialect, principal, judged: decision.value.request, grant: decision.value });
}
