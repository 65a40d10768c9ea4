import assert from "node:assert/strict";
import { test } from "node:test";

import { outcomeOf } from "../../../test/support/criterion-cases.ts";
import { bareRequest, jsonRequest } from "../../../test/support/judged-requests.ts";
import { policyWith } from "../../../test/support/policies.ts";
import { cloudModels } from "./cloud-models.ts";

const policy = policyWith({ classes: ["probe", "read", "infer", "manage"] });

for (const [operation, body] of [
	["chat", { model: "gpt-oss:120b-cloud" }],
	["chat", { model: "GPT-OSS:CLOUD" }],
	["chat", { model: "gpt-oss:20b:cloud" }],
	["show", { model: "gpt-oss:cloud" }],
	["pull", { model: "gpt-oss:cloud" }],
	["v1-chat-completions", { model: "gpt-oss:cloud" }],
	["copy", { source: "gpt-oss:cloud", destination: "harmless" }],
	["create", { model: "harmless", from: "gpt-oss:cloud" }],
	["delete", { model: "gpt-oss:cloud" }],
] as const) {
	test(`refuses ${operation} of ${JSON.stringify(body)} to who has not the class cloud (cloud-denied)`, () => {
		assert.match(outcomeOf(cloudModels, policy, jsonRequest(operation, body)), /^cloud-denied: \w+: .* runs at ollama.com$/);
		assert.equal(outcomeOf(cloudModels, policyWith({ classes: ["cloud"] }), jsonRequest(operation, body)), "pass");
	});
}

test("refuses a cloud model in the path", () => {
	assert.match(outcomeOf(cloudModels, policy, bareRequest("v1-model", "gpt-oss:cloud")), /^cloud-denied/);
});

for (const model of ["gpt-oss", "cloud", "cloudy:latest", "gpt-oss:cloudless", "acme/cloud:q4"]) {
	test(`passes ${model}, which runs here`, () => assert.equal(outcomeOf(cloudModels, policy, jsonRequest("chat", { model })), "pass"));
}
