/** A request that the policy has granted and no budget concerns, for tests of what comes after. */
import type { Reserved } from "../../src/gateway/exchange.ts";
import { NO_GROUPS, type Principal } from "../../src/model/principal.ts";
import { DEFAULT_POLICY_SPEC } from "../../src/policy/built-in-roles.ts";
import { compilePolicy } from "../../src/policy/compile.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { bareRequest, jsonRequest, operationOf } from "./judged-requests.ts";
import { callerOf, receivedWith } from "./received.ts";

const POLICY = compilePolicy(DEFAULT_POLICY_SPEC);
const ADMIN: Principal = { kind: "api-key", id: "admin001", name: "admin", role: "admin", models: null, groups: NO_GROUPS };

export function authorizedAs(operation: string, principal = ADMIN): Reserved & { leave(): void } {
	const { body } = operationOf(operation);
	const judged = body === "json" ? jsonRequest(operation, { model: "door", messages: [], prompt: "x" }) : bareRequest(operation);
	const decision = evaluate(POLICY, principal, judged);
	if (!decision.permitted) throw new Error(`${operation}: ${decision.reason} ${decision.detail}`);
	const received = receivedWith();
	const caller = callerOf(received.head, {});
	return { ...received, caller, principal, judged, grant: decision.value, hold: null, leave: () => caller.leave() };
}
