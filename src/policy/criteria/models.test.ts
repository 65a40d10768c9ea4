import assert from "node:assert/strict";
import { test } from "node:test";

import { outcomeOf } from "../../../test/support/criterion-cases.ts";
import { bareRequest, jsonRequest } from "../../../test/support/judged-requests.ts";
import { policyWith, principalOf } from "../../../test/support/policies.ts";
import { models } from "./models.ts";

const policy = policyWith({ models: { allow: ["llama*", "acme/*", "mine"], deny: ["llama-secret"] } });

const refusals: readonly (readonly [what: string, operation: string, body: Record<string, string>, outcome: RegExp])[] = [
	["a model that is not listed", "chat", { model: "qwen" }, /model: qwen:latest is not in the role's list/],
	["a tag that is not listed", "chat", { model: "mine:q4" }, /not in the role's list/],
	["a denied model", "chat", { model: "llama-secret" }, /llama-secret:latest is denied by llama-secret/],
	["a denied model by another tag", "chat", { model: "llama-secret:q4" }, /is denied by llama-secret/],
	["a denied model in another spelling", "chat", { model: "registry.ollama.ai/library/LLAMA-SECRET:latest" }, /is denied by llama-secret/],
	["the description of a denied model", "show", { model: "llama-secret" }, /is denied/],
	["the deletion of a denied model", "delete", { model: "llama-secret" }, /is denied/],
	["a copy of a denied model to an allowed name", "copy", { source: "llama-secret", destination: "mine" }, /source: .* is denied/],
	["a copy to a name that is not listed", "copy", { source: "mine", destination: "other" }, /destination: .* not in the role's list/],
	["a build on a denied model", "create", { model: "mine", from: "llama-secret" }, /from: .* is denied/],
	["a pull of what is not listed", "pull", { model: "evil/gpt" }, /not in the role's list/],
	["a push of what is not listed", "push", { model: "evil/gpt" }, /not in the role's list/],
];

for (const [what, operation, body, outcome] of refusals) {
	test(`refuses ${what} (model-denied)`, () => {
		const shown = outcomeOf(models, policy, jsonRequest(operation, body));
		assert.match(shown, /^model-denied: /);
		assert.match(shown, outcome);
	});
}

test("refuses a denied model in the path", () => {
	assert.match(outcomeOf(models, policy, bareRequest("v1-model", "llama-secret")), /^model-denied: model: /);
});

test("an empty list allows no model, the role's or the key's", () => {
	assert.match(outcomeOf(models, policyWith({ models: { allow: [], deny: [] } }), jsonRequest("chat", { model: "mine" })), /^model-denied/);
	assert.match(outcomeOf(models, policy, jsonRequest("chat", { model: "mine" }), principalOf("tested", [])), /not in the key's own list/);
});

test("a key's own list narrows the role's and never widens it", () => {
	const key = principalOf("tested", ["llama3*", "qwen", "llama-secret"]);
	assert.equal(outcomeOf(models, policy, jsonRequest("chat", { model: "llama3.2:1b" }), key), "pass");
	assert.match(outcomeOf(models, policy, jsonRequest("chat", { model: "llama2" }), key), /not in the key's own list/);
	assert.match(outcomeOf(models, policy, jsonRequest("chat", { model: "qwen" }), key), /not in the role's list/);
	assert.match(outcomeOf(models, policy, jsonRequest("chat", { model: "llama-secret" }), key), /is denied by/);
});

for (const [operation, body] of [
	["chat", { model: "llama3.2:1b" }],
	["chat", { model: "LIBRARY/llama3.2" }],
	["chat", { model: "acme/gpt:q4" }],
	["copy", { source: "llama3.2", destination: "mine" }],
] as const) {
	test(`passes ${operation} of ${JSON.stringify(body)}`, () =>
		assert.equal(outcomeOf(models, policy, jsonRequest(operation, body)), "pass"));
}

test("passes what names no model", () => {
	assert.equal(outcomeOf(models, policyWith({ models: { allow: [], deny: ["*"] } }), bareRequest("tags")), "pass");
});
