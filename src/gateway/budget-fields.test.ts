import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetsSpec, principal, testedLedger } from "../../test/support/budgets.ts";
import { budgetFields, durationText } from "./budget-fields.ts";

const SPEC = budgetsSpec([
	{ name: "wide", unit: "tokens", limit: 100_000, per: "month" },
	{ name: "tight", unit: "tokens", limit: 5_000, per: "day" },
	{ name: "gpu", unit: "gpu_seconds", limit: 60_000_000, per: "hour" },
	{ name: "now", unit: "concurrent", limit: 3, per: null },
]);

function fieldsIn(dialect: "ollama" | "openai" | "anthropic") {
	const hold = testedLedger(SPEC).held(principal("ada00000"), { outputBound: 100 });
	return new Map(budgetFields(hold, dialect));
}

test("of several budgets of a unit the tightest is told, and what one request holds is not left", () => {
	const fields = fieldsIn("ollama");
	assert.equal(
		fields.get("ratelimit-policy"),
		'"tight";q=5000;w=86400;qu="tokens", "gpu";q=60;w=3600;qu="gpu-seconds", "now";q=3;qu="concurrent-requests"',
	);
	assert.match(fields.get("ratelimit") ?? "", /^"tight";r=4388;t=\d+, "gpu";r=58;t=\d+, "now";r=2;t=1$/);
	assert.equal(fields.size, 2);
});

test("SDKs of OpenAI and Anthropic are told in fields of their own", () => {
	assert.equal(fieldsIn("openai").get("x-ratelimit-remaining-tokens"), "4388");
	assert.equal(fieldsIn("anthropic").get("anthropic-ratelimit-tokens-limit"), "5000");
	assert.equal(fieldsIn("anthropic").get("anthropic-ratelimit-tokens-reset"), "2026-11-24T00:00:00.000Z");
});

for (const [ms, text] of [
	[0, "0ms"],
	[20, "20ms"],
	[1_500, "1.5s"],
	[360_000, "6m0s"],
	[90_061_000, "25h1m1s"],
] as const) {
	test(`writes a duration as OpenAI does: ${text}`, () => assert.equal(durationText(ms), text));
}
