import assert from "node:assert/strict";
import { test } from "node:test";

import { outcomeOf } from "../../../test/support/criterion-cases.ts";
import { jsonRequest } from "../../../test/support/judged-requests.ts";
import { policyWith } from "../../../test/support/policies.ts";
import { registries } from "./registries.ts";

const listing = (...hosts: readonly string[]) => policyWith({}, { pull: { registries: hosts } });
const policy = listing("registry.ollama.ai", "hf.co");

const refusals: readonly (readonly [what: string, operation: string, body: Record<string, string>])[] = [
	["a pull from another host (CVE-2026-5530)", "pull", { model: "evil.example/a/b" }],
	["a pull from a host that begins alike", "pull", { model: "registry.ollama.ai.evil.example/a/b" }],
	["a pull from a host that ends alike", "pull", { model: "evil-hf.co/a/b" }],
	["a pull from a listed host at a port", "pull", { model: "hf.co:8443/a/b" }],
	["a pull from the metadata service", "pull", { model: "169.254.169.254/a/b" }],
	["a push to another host (CVE-2026-7482)", "push", { model: "evil.example/a/b" }],
	["a build on another host's model, which Ollama would pull", "create", { model: "x", from: "evil.example/a/b" }],
	["a build under another host's name, ready to be pushed", "create", { model: "evil.example/a/b", from: "x" }],
	["a copy to another host's name, ready to be pushed", "copy", { source: "x", destination: "evil.example/a/b" }],
];

for (const [what, operation, body] of refusals) {
	test(`refuses ${what} (registry-denied)`, () => {
		assert.match(
			outcomeOf(registries, policy, jsonRequest(operation, body)),
			/^registry-denied: \w+: \S+ is not in policy.pull.registries$/,
		);
	});
}

test("refuses every pull, push and implicit pull where no registry is listed, but not copies and builds of what is there", () => {
	const closed = listing();
	assert.match(outcomeOf(registries, closed, jsonRequest("pull", { model: "gpt" })), /^registry-denied/);
	assert.match(outcomeOf(registries, closed, jsonRequest("push", { model: "gpt" })), /^registry-denied/);
	assert.match(outcomeOf(registries, closed, jsonRequest("create", { model: "mine", from: "gpt" })), /^registry-denied: from/);
	assert.equal(outcomeOf(registries, closed, jsonRequest("copy", { source: "gpt", destination: "mine" })), "pass");
	assert.equal(outcomeOf(registries, closed, jsonRequest("create", { model: "mine", files: {} })), "pass");
});

for (const [operation, body] of [
	["pull", { model: "llama3.2" }],
	["pull", { model: "hf.co/acme/gpt:q4" }],
	["pull", { model: "HF.co/acme/gpt:q4" }],
	["push", { model: "me/mine" }],
	["create", { model: "mine", from: "hf.co/acme/gpt" }],
	["copy", { source: "gpt", destination: "hf.co/me/gpt" }],
	["chat", { model: "evil.example/a/b" }],
	["delete", { model: "evil.example/a/b" }],
] as const) {
	test(`passes ${operation} of ${JSON.stringify(body)}`, () =>
		assert.equal(outcomeOf(registries, policy, jsonRequest(operation, body)), "pass"));
}
