import assert from "node:assert/strict";
import { test } from "node:test";

import { amendedBody, outcomeOf } from "../../../test/support/criterion-cases.ts";
import { bareRequest, jsonRequest } from "../../../test/support/judged-requests.ts";
import { policyWith } from "../../../test/support/policies.ts";
import type { JsonValue } from "../../ollama/judged-request.ts";
import { keepAlive } from "./keep-alive.ts";

const MINUTE = 60_000;
const clamping = policyWith({ parameters: { keepAliveMs: 10 * MINUTE, unload: false, onExcess: "clamp" } });
const refusing = policyWith({ parameters: { keepAliveMs: 10 * MINUTE, unload: false, onExcess: "refuse" } });
const unloading = policyWith({ parameters: { keepAliveMs: 10 * MINUTE, unload: true, onExcess: "refuse" } });
const chat = (keep_alive: JsonValue) => jsonRequest("chat", { model: "m", keep_alive, messages: [{ role: "user", content: "hi" }] });

for (const value of [-1, "-1", "-1s", "-1ns", -0.001, 601, 1e300, "11m", "1h", "10m1ns", "601", JSON.rawJSON("9".repeat(30))]) {
	const shown = JSON.stringify(value).slice(0, 20);
	test(`${shown} is lowered to the bound, or refused where the role says so (parameter-denied)`, () => {
		assert.equal(amendedBody(keepAlive, clamping, chat(value))["keep_alive"], "600s");
		assert.match(outcomeOf(keepAlive, clamping, chat(value)), /^amended: keep_alive: .* became 600s$/);
		assert.match(outcomeOf(keepAlive, refusing, chat(value)), /^parameter-denied: keep_alive .* is above 600s$/);
	});
}

for (const value of [0, "0", "0s", "0m0s", "-0", -0, 0.5, "1ms", "999ms"]) {
	test(`${JSON.stringify(value)}, which unloads the model, is for those who may`, () => {
		assert.equal(outcomeOf(keepAlive, unloading, chat(value)), "pass");
		assert.equal(outcomeOf(keepAlive, refusing, chat(value)), "parameter-denied: keep_alive would unload the model");
		assert.deepEqual(amendedBody(keepAlive, clamping, chat(value)), { model: "m", messages: [{ role: "user", content: "hi" }] });
	});
}

for (const [operation, body] of [
	["chat", { model: "m", keep_alive: 0 }],
	["chat", { model: "m", messages: [], keep_alive: 0 }],
	["generate", { model: "m", keep_alive: 0 }],
	["generate", { model: "m", prompt: "", keep_alive: "0" }],
] as const) {
	test(`${operation} of ${JSON.stringify(body)} asks for nothing but unloading and is refused, never turned into a load`, () => {
		assert.equal(outcomeOf(keepAlive, clamping, jsonRequest(operation, body)), "parameter-denied: keep_alive would unload the model");
	});
}

for (const value of ["forever", "", "5 minutes", true, {}, []]) {
	test(`${JSON.stringify(value)} is refused, because nobody knows what becomes of it`, () => {
		assert.equal(outcomeOf(keepAlive, clamping, chat(value)), "parameter-denied: keep_alive is not a duration");
	});
}

test("a bound of broken seconds is written exactly", () => {
	const policy = policyWith({ parameters: { keepAliveMs: 1500 } });
	assert.equal(amendedBody(keepAlive, policy, chat(-1))["keep_alive"], "1500ms");
});

for (const value of ["5m", "10m", 600, 1, "1s", null]) {
	test(`passes ${JSON.stringify(value)}`, () => assert.equal(outcomeOf(keepAlive, refusing, chat(value)), "pass"));
}

test("passes what says nothing about it, and everything without a bound", () => {
	assert.equal(outcomeOf(keepAlive, refusing, jsonRequest("chat", { model: "m" })), "pass");
	assert.equal(outcomeOf(keepAlive, refusing, jsonRequest("pull", { model: "m", keep_alive: -1 })), "pass");
	assert.equal(outcomeOf(keepAlive, refusing, bareRequest("ps")), "pass");
	assert.equal(outcomeOf(keepAlive, policyWith({ parameters: { keepAliveMs: null, unload: true } }), chat(-1)), "pass");
});

test("an embedding and a prompt with a zero are served without it", () => {
	assert.deepEqual(amendedBody(keepAlive, clamping, jsonRequest("embed", { model: "m", input: "x", keep_alive: 0 })), {
		model: "m",
		input: "x",
	});
	assert.deepEqual(amendedBody(keepAlive, clamping, jsonRequest("generate", { model: "m", prompt: "x", keep_alive: 0 })), {
		model: "m",
		prompt: "x",
	});
});
