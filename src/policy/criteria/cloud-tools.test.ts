import assert from "node:assert/strict";
import { test } from "node:test";

import { outcomeOf } from "../../../test/support/criterion-cases.ts";
import { jsonRequest } from "../../../test/support/judged-requests.ts";
import { policyWith } from "../../../test/support/policies.ts";
import type { JsonObject } from "../../ollama/judged-request.ts";
import { cloudTools } from "./cloud-tools.ts";

const policy = policyWith({ classes: ["probe", "read", "infer"] });

const asked: readonly (readonly [what: string, operation: string, tools: readonly JsonObject[]])[] = [
	["Anthropic's web search", "v1-messages", [{ type: "web_search_20250305", name: "web_search" }]],
	[
		"Anthropic's web search among others",
		"v1-messages",
		[
			{ name: "f", input_schema: {} },
			{ type: "web_search", name: "web_search" },
		],
	],
	["OpenAI's web search", "v1-responses", [{ type: "web_search" }]],
	["OpenAI's web search in a namespace", "v1-responses", [{ type: "namespace", name: "n", tools: [{ type: "web_search" }] }]],
];

for (const [what, operation, tools] of asked) {
	test(`refuses ${what} to who has not the class cloud (cloud-denied)`, () => {
		const request = jsonRequest(operation, { model: "m", tools });
		assert.equal(outcomeOf(cloudTools, policy, request), "cloud-denied: tools: web search runs at ollama.com");
		assert.equal(outcomeOf(cloudTools, policyWith({ classes: ["infer", "cloud"] }), request), "pass");
	});
}

const passed: readonly (readonly [what: string, operation: string, body: JsonObject])[] = [
	["the caller's own tool of that name", "v1-messages", { tools: [{ name: "web_search", input_schema: {} }] }],
	["the caller's own function of that name", "v1-responses", { tools: [{ type: "function", name: "web_search" }] }],
	["the native chat, which has no built-in tools", "chat", { tools: [{ type: "web_search" }] }],
	["a message without tools", "v1-messages", { model: "m" }],
	["tools that are no list", "v1-messages", { tools: "web_search" }],
];

for (const [what, operation, body] of passed) {
	test(`passes ${what}`, () => assert.equal(outcomeOf(cloudTools, policy, jsonRequest(operation, body)), "pass"));
}
