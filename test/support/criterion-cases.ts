/** Asks one criterion alone, with the policy and principal of the case. */
import assert from "node:assert/strict";

import type { JsonObject, JudgedRequest } from "../../src/ollama/judged-request.ts";
import type { Policy } from "../../src/policy/compile.ts";
import type { Criterion } from "../../src/policy/criterion.ts";
import { principalOf } from "./policies.ts";

/** `pass`, `reason: detail` of a refusal, or `amended: what`. */
export function outcomeOf(criterion: Criterion, policy: Policy, judged: JudgedRequest, principal = principalOf()): string {
	const subject = policy.subjectOf(principal);
	const verdict = criterion.judge({ policy, subject, judged });
	const concerns = criterion.concerns?.({ policy, subject, operation: judged.operation }) ?? true;
	if (verdict.kind !== "pass") assert.ok(concerns, "a criterion that would not have been asked");
	switch (verdict.kind) {
		case "pass":
			return "pass";
		case "deny":
			assert.ok(criterion.reasons.includes(verdict.deny.reason), "a reason that the criterion does not list");
			return `${verdict.deny.reason}: ${verdict.deny.detail}`;
		case "amend":
			assert.notEqual(verdict.judged, judged);
			return `amended: ${verdict.what.join("; ")}`;
	}
}

/** The body after the criterion amended it; the request that was asked about is unchanged. */
export function amendedBody(criterion: Criterion, policy: Policy, judged: JudgedRequest): JsonObject {
	const before = JSON.stringify(judged.body);
	const verdict = criterion.judge({ policy, subject: policy.subjectOf(principalOf()), judged });
	assert.equal(JSON.stringify(judged.body), before, "the judged request was changed in place");
	if (verdict.kind !== "amend" || verdict.judged.body.kind !== "json") return assert.fail(`not amended: ${verdict.kind}`);
	return verdict.judged.body.value;
}
