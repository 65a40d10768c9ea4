import assert from "node:assert/strict";
import { test } from "node:test";

import { outcomeOf } from "../../../test/support/criterion-cases.ts";
import { bareRequest } from "../../../test/support/judged-requests.ts";
import { policyWith, principalOf } from "../../../test/support/policies.ts";
import { roleKnown } from "./role-known.ts";

const policy = policyWith({});

for (const role of ["ghost", "", "constructor", "__proto__", "toString", "Admin"]) {
	test(`refuses a principal of the role ${JSON.stringify(role)}, which nobody configured (role-unknown)`, () => {
		assert.equal(outcomeOf(roleKnown, policy, bareRequest("root"), principalOf(role)), `role-unknown: role ${role} is not configured`);
		assert.match(outcomeOf(roleKnown, policy, bareRequest("root"), principalOf(role, ["*"])), /^role-unknown/);
		assert.equal(policy.role(role), null);
	});
}

for (const role of ["reader", "user", "operator", "admin", "tested"]) {
	test(`passes the role ${role}`, () => assert.equal(outcomeOf(roleKnown, policy, bareRequest("root"), principalOf(role)), "pass"));
}
