import assert from "node:assert/strict";
import { test } from "node:test";

import { outcomeOf } from "../../../test/support/criterion-cases.ts";
import { bareRequest } from "../../../test/support/judged-requests.ts";
import { policyWith, principalOf } from "../../../test/support/policies.ts";
import { OPERATION_CLASSES } from "../../model/operation-class.ts";
import { OPERATIONS } from "../../ollama/operations.ts";
import { operationClass } from "./operation-class.ts";

test("refuses every class but those that the role grants (class-denied, cloud-denied)", () => {
	for (const granted of OPERATION_CLASSES) {
		const policy = policyWith({ classes: [granted] });
		for (const { id, class: asked } of OPERATIONS) {
			const expected =
				asked === granted
					? "pass"
					: `${asked === "cloud" ? "cloud" : "class"}-denied: ${asked} is not granted to role tested, which has ${granted}`;
			assert.equal(outcomeOf(operationClass, policy, bareRequest(id)), expected);
		}
	}
});

test("refuses everything to a role without classes and to nobody", () => {
	const policy = policyWith({ classes: [] });
	for (const { id } of OPERATIONS) {
		assert.match(outcomeOf(operationClass, policy, bareRequest(id)), /-denied: .* which has nothing$/);
		assert.match(outcomeOf(operationClass, policy, bareRequest(id), principalOf("ghost")), /-denied/);
	}
});
