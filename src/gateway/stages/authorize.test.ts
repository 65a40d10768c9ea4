import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonRequest } from "../../../test/support/judged-requests.ts";
import { DEFAULT_POLICY_SPEC } from "../../../test/support/policies.ts";
import { receivedWith } from "../../../test/support/received.ts";
import { NO_GROUPS, type Principal } from "../../model/principal.ts";
import { BUILT_IN_ROLES } from "../../policy/built-in-roles.ts";
import { compilePolicy } from "../../policy/compile.ts";
import { authorize } from "./authorize.ts";

const POLICY = compilePolicy({
	...DEFAULT_POLICY_SPEC,
	roles: { ...BUILT_IN_ROLES, short: { ...BUILT_IN_ROLES.user, parameters: { ...BUILT_IN_ROLES.user.parameters, numPredict: 10 } } },
});

function authorizeAs(role: string, operation: string, body = {}, models: readonly string[] | null = null) {
	const principal: Principal = { kind: "api-key", id: "alice001", name: "alice", role, models, groups: NO_GROUPS };
	return authorize({ ...receivedWith(), principal, judged: jsonRequest(operation, { model: "door", ...body }) }, POLICY);
}

for (const [when, decision, reason] of [
	["the role is not configured", () => authorizeAs("ghost", "chat"), "role-unknown"],
	["the role does not grant the class", () => authorizeAs("reader", "chat"), "class-denied"],
	["the key is for other models", () => authorizeAs("user", "chat", {}, ["llama*"]), "model-denied"],
	["the key is for no model", () => authorizeAs("admin", "chat", {}, []), "model-denied"],
] as const) {
	test(`refuses when ${when}`, () => {
		const decided = decision();
		assert.equal(decided.permitted, false);
		assert.equal(decided.reason, reason);
	});
}

test("permits with the request as it was lowered", () => {
	const decision = authorizeAs("short", "generate", { options: { num_predict: 500 } });
	assert.ok(decision.permitted);
	const { grant, judged } = decision.value;
	assert.equal(grant.request, judged);
	assert.ok(judged.body.kind === "json");
	assert.deepEqual(judged.body.value["options"], { num_predict: 10 });
	assert.equal(grant.amendments.length, 1);
});
