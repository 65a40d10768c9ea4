import assert from "node:assert/strict";
import { test } from "node:test";

import { amendedBody, outcomeOf } from "../../../test/support/criterion-cases.ts";
import { bareRequest, jsonRequest } from "../../../test/support/judged-requests.ts";
import { policyWith } from "../../../test/support/policies.ts";
import type { JsonObject } from "../../ollama/judged-request.ts";
import { outputLength } from "./output-length.ts";

const clamping = policyWith({ parameters: { numPredict: 1000, onExcess: "clamp" } });
const refusing = policyWith({ parameters: { numPredict: 1000, onExcess: "refuse" } });

/** Operation, body, body after the clamp, and whether the same is refused where the role refuses excess. */
const excesses: readonly (readonly [operation: string, body: JsonObject, after: JsonObject, isRefused: boolean])[] = [
	["chat", { options: { num_predict: 1001 } }, { options: { num_predict: 1000 } }, true],
	["generate", { options: { num_predict: 1e300 } }, { options: { num_predict: 1000 } }, true],
	["generate", { options: { num_predict: JSON.rawJSON("9".repeat(40)) } }, { options: { num_predict: 1000 } }, true],
	["generate", { options: { num_predict: -1 } }, { options: { num_predict: 1000 } }, false],
	["generate", { options: { num_predict: -2 } }, { options: { num_predict: 1000 } }, false],
	["generate", { options: { num_predict: 0 } }, { options: { num_predict: 1000 } }, false],
	["generate", { options: { num_predict: 0.5 } }, { options: { num_predict: 1000 } }, false],
	["generate", { options: { num_predict: null } }, { options: { num_predict: 1000 } }, false],
	["generate", { options: { seed: 1 } }, { options: { seed: 1, num_predict: 1000 } }, false],
	["generate", { prompt: "p" }, { prompt: "p", options: { num_predict: 1000 } }, false],
	["create", { parameters: { num_predict: 5000 } }, { parameters: { num_predict: 1000 } }, true],
	["create", { parameters: { num_predict: -1 } }, { parameters: { num_predict: 1000 } }, false],
	["v1-chat-completions", { max_tokens: 5000 }, { max_tokens: 1000 }, true],
	["v1-chat-completions", { max_tokens: -1 }, { max_tokens: 1000 }, false],
	["v1-chat-completions", {}, { max_tokens: 1000 }, false],
	["v1-chat-completions", { max_completion_tokens: 5000 }, { max_completion_tokens: 1000, max_tokens: 1000 }, true],
	["v1-chat-completions", { max_completion_tokens: 10 }, { max_completion_tokens: 10, max_tokens: 10 }, false],
	["v1-chat-completions", { max_tokens: 10, max_completion_tokens: 5000 }, { max_tokens: 10, max_completion_tokens: 1000 }, true],
	["v1-completions", { max_tokens: 5000 }, { max_tokens: 1000 }, true],
	["v1-completions", { max_tokens: null }, { max_tokens: 1000 }, false],
	["v1-responses", { max_output_tokens: 5000 }, { max_output_tokens: 1000 }, true],
	["v1-responses", {}, { max_output_tokens: 1000 }, false],
	["v1-messages", { max_tokens: 5000 }, { max_tokens: 1000 }, true],
	["v1-messages", {}, { max_tokens: 1000 }, false],
];

for (const [operation, body, after, isRefused] of excesses) {
	const shown = JSON.stringify(body).replaceAll(/9{9,}/g, "9…");
	test(`${operation} with ${shown} is bounded${isRefused ? ", or refused where the role says so (parameter-denied)" : ""}`, () => {
		const request = jsonRequest(operation, body);
		assert.deepEqual(amendedBody(outputLength, clamping, request), after);
		if (isRefused) assert.match(outcomeOf(outputLength, refusing, request), /^parameter-denied: .* is above 1000$/);
		// No limit asked is no excess: it gets the bound under either setting.
		else assert.deepEqual(amendedBody(outputLength, refusing, request), after);
	});
}

for (const [operation, body] of [
	["chat", { options: { num_predict: "100" } }],
	["create", { parameters: { num_predict: [] } }],
	["v1-chat-completions", { max_tokens: "100" }],
	["v1-chat-completions", { max_tokens: 10, max_completion_tokens: {} }],
	["v1-responses", { max_output_tokens: true }],
] as const) {
	test(`${operation} with ${JSON.stringify(body)} is refused, because nobody knows what becomes of it`, () => {
		assert.match(outcomeOf(outputLength, clamping, jsonRequest(operation, body)), /^parameter-denied: .* is not a number$/);
	});
}

test("says what became of what", () => {
	const outcome = (operation: string, body: JsonObject) => outcomeOf(outputLength, clamping, jsonRequest(operation, body));
	assert.equal(outcome("chat", { options: { num_predict: 5000 } }), "amended: options.num_predict: 5000 became 1000");
	assert.equal(outcome("chat", {}), "amended: options.num_predict: no limit became 1000");
	assert.equal(outcome("v1-chat-completions", { max_completion_tokens: 9 }), "amended: max_tokens: max_completion_tokens became 9");
});

for (const [operation, body] of [
	["chat", { options: { num_predict: 1000 } }],
	["v1-chat-completions", { max_tokens: 1 }],
	["v1-messages", { max_tokens: 1000 }],
	["create", { from: "x" }],
	["create", { parameters: { num_predict: 5 } }],
	["embed", { input: "x" }],
	["embed", { input: "x", options: { num_predict: 5000 } }],
	["v1-embeddings", { input: "x" }],
	["show", { model: "x" }],
] as const) {
	test(`passes ${operation} with ${JSON.stringify(body)}`, () => {
		assert.equal(outcomeOf(outputLength, refusing, jsonRequest(operation, body)), "pass");
	});
}

test("passes everything without a bound, and what has no body", () => {
	assert.equal(outcomeOf(outputLength, policyWith({ parameters: { numPredict: null } }), jsonRequest("chat", {})), "pass");
	assert.equal(outcomeOf(outputLength, refusing, bareRequest("version")), "pass");
});
