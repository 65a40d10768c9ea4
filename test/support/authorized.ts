/** A request that the policy has granted and no budget concerns, for tests of what comes after. */
import type { Reserved } from "../../src/gateway/exchange.ts";
import { NO_GROUPS, type Principal } from "../../src/model/principal.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { bareRequest, jsonRequest, operationOf } from "./judged-requests.ts";
import { DEFAULT_POLICY } from "./policies.ts";
import { callerOf, receivedWith } from "./received.ts";

const ADMIN: Principal = { kind: "api-key", id: "admin001", name: "admin", role: "admin", models: null, groups: NO_GROUPS };

export function authorizedAs(operation: string, principal = ADMIN): Reserved & { leave(): void } {
	const { body } = operationOf(operation);
	const judged = body === "json" ? jsonRequest(operation, { model: "door", messages: [], prompt: "x" }) : bareRequest(operation);
	const decision = evaluate(DEFAULT_POLICY, principal, judged);
	if (!decision.permitted) throw new Error(`${operation}: ${decision.reason} ${decision.detail}`);
	const received = receivedWith();
	const caller = callerOf(received.head, {});
	return { ...received, caller, principal, judged, grant: decision.value, hold: null, leave: () => caller.leave() };
}
