import assert from "node:assert/strict";
import { test } from "node:test";

import { outcomeOf } from "../../../test/support/criterion-cases.ts";
import { jsonRequest } from "../../../test/support/judged-requests.ts";
import { policyWith, principalOf } from "../../../test/support/policies.ts";
import { virtualPatches } from "./virtual-patches.ts";

const remote = jsonRequest("create", { model: "x", from: "y", remote_host: "https://ollama.com" });
const quantised = jsonRequest("create", { model: "x", files: { a: `sha256:${"a".repeat(64)}` }, quantize: "q4_0" });

test("refuses a known attack, by the patch's id, for every role (virtual-patch)", () => {
	const policy = policyWith({});
	for (const role of ["reader", "user", "operator", "admin", "tested"]) {
		const outcome = outcomeOf(virtualPatches, policy, jsonRequest("pull", { model: "gpt", insecure: true }), principalOf(role));
		assert.equal(outcome, "virtual-patch: VP-G3-insecure-transport: insecure is set");
	}
});

test("refuses remote models and quantised uploads unless the operator turned them on, each by its own setting", () => {
	const asked = (create: { readonly remoteHost: boolean; readonly quantizeUploads: boolean }) =>
		[remote, quantised].map((request) => outcomeOf(virtualPatches, policyWith({}, { create }), request).split(":")[0]);
	assert.deepEqual(asked({ remoteHost: false, quantizeUploads: false }), ["virtual-patch", "virtual-patch"]);
	assert.deepEqual(asked({ remoteHost: true, quantizeUploads: false }), ["pass", "virtual-patch"]);
	assert.deepEqual(asked({ remoteHost: false, quantizeUploads: true }), ["virtual-patch", "pass"]);
});

test("no setting switches any other patch off", () => {
	const policy = policyWith({}, { create: { remoteHost: true, quantizeUploads: true } });
	assert.match(outcomeOf(virtualPatches, policy, jsonRequest("create", { model: "x", path: "/etc/passwd" })), /VP-G5/);
	assert.match(outcomeOf(virtualPatches, policy, jsonRequest("pull", { model: "gpt", insecure: true })), /VP-G3/);
});
