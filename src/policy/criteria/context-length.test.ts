import assert from "node:assert/strict";
import { test } from "node:test";

import { amendedBody, outcomeOf } from "../../../test/support/criterion-cases.ts";
import { bareRequest, jsonRequest } from "../../../test/support/judged-requests.ts";
import { policyWith } from "../../../test/support/policies.ts";
import type { JsonValue } from "../../ollama/judged-request.ts";
import { contextLength } from "./context-length.ts";

const clamping = policyWith({ parameters: { numCtx: 4096, onExcess: "clamp" } });
const refusing = policyWith({ parameters: { numCtx: 4096, onExcess: "refuse" } });
const chat = (num_ctx: JsonValue) => jsonRequest("chat", { model: "m", options: { seed: 1, num_ctx }, messages: [] });

for (const value of [4097, 1e9, 4096.5, JSON.rawJSON("9".repeat(30))]) {
	test(`a context of ${JSON.stringify(value)} is lowered, or refused where the role says so (parameter-denied)`, () => {
		assert.match(outcomeOf(contextLength, clamping, chat(value)), /^amended: options.num_ctx: \S+ became 4096$/);
		assert.deepEqual(amendedBody(contextLength, clamping, chat(value)), { model: "m", options: { seed: 1, num_ctx: 4096 }, messages: [] });
		assert.match(outcomeOf(contextLength, refusing, chat(value)), /^parameter-denied: options.num_ctx \S+ is above 4096$/);
	});
}

for (const value of ["8192", [8192], {}, true]) {
	test(`a context of ${JSON.stringify(value)} is refused, because nobody knows what becomes of it`, () => {
		assert.equal(outcomeOf(contextLength, clamping, chat(value)), "parameter-denied: options.num_ctx is not a number");
	});
}

test("a context may not be baked into a model to get around the bound", () => {
	const create = jsonRequest("create", { model: "m", from: "n", parameters: { num_ctx: 100_000 } });
	assert.deepEqual(amendedBody(contextLength, clamping, create), { model: "m", from: "n", parameters: { num_ctx: 4096 } });
});

for (const [what, request] of [
	["the bound itself", chat(4096)],
	["less than the bound", chat(1)],
	["a null", chat(null)],
	["no options", jsonRequest("generate", { model: "m" })],
	["an operation without options", jsonRequest("pull", { model: "m", options: { num_ctx: 1e9 } })],
	["no body", bareRequest("tags")],
] as const) {
	test(`passes ${what}`, () => assert.equal(outcomeOf(contextLength, refusing, request), "pass"));
}

test("without a bound everything passes", () => {
	assert.equal(outcomeOf(contextLength, policyWith({ parameters: { numCtx: null } }), chat(1e9)), "pass");
});
