import assert from "node:assert/strict";
import { test } from "node:test";

import { outcomeOf } from "../../../test/support/criterion-cases.ts";
import { bareRequest, blobRequest, jsonRequest } from "../../../test/support/judged-requests.ts";
import { policyWith, principalOf } from "../../../test/support/policies.ts";
import { uploads } from "./uploads.ts";

const policy = policyWith({ uploads: false });
const files = { "m.gguf": `sha256:${"a".repeat(64)}` };

for (const [what, request] of [
	["an upload", blobRequest(1000)],
	["an upload of unknown length", blobRequest(null)],
	["a build of files", jsonRequest("create", { model: "x", files })],
	["a build with an adapter", jsonRequest("create", { model: "x", from: "y", adapters: files })],
	["a build with a draft model", jsonRequest("create", { model: "x", from: "y", draft_files: files })],
	["a build of files in an unexpected form", jsonRequest("create", { model: "x", files: "all" })],
] as const) {
	test(`refuses ${what} to who may not upload (class-denied)`, () => {
		assert.match(outcomeOf(uploads, policy, request), /^class-denied: .*role tested may not upload$/);
		assert.match(outcomeOf(uploads, policy, request, principalOf("operator")), /^class-denied/);
		assert.equal(outcomeOf(uploads, policyWith({ uploads: true }), request), "pass");
	});
}

for (const [what, request] of [
	["the question whether a file is there", bareRequest("blob-check", `sha256:${"a".repeat(64)}`)],
	["a build on a model", jsonRequest("create", { model: "x", from: "y" })],
	["a build with empty lists", jsonRequest("create", { model: "x", from: "y", files: {}, adapters: null })],
	["a pull", jsonRequest("pull", { model: "x" })],
] as const) {
	test(`passes ${what}`, () => assert.equal(outcomeOf(uploads, policy, request), "pass"));
}
