import assert from "node:assert/strict";
import { test } from "node:test";
import { budgetsSpec, charge, principal, testedLedger } from "../../test/support/budgets.ts";
import type { Principal } from "../model/principal.ts";
import { budgetFields } from "./budget-fields.ts";
import { durationText } from "./limit-fields.ts";
import type { RateFields } from "./rate-limit-fields.ts";

const SPEC = budgetsSpec([
	{ name: "wide", unit: "tokens", limit: 100_000, per: "month" },
	{ name: "tight", unit: "tokens", limit: 5_000, per: "day" },
	{ name: "gpu", unit: "gpu_seconds", limit: 60_000_000, per: "hour" },
	{ name: "now", unit: "concurrent", limit: 3, per: null },
]);

function fieldsIn(dialect: "ollama" | "openai" | "anthropic") {
	const hold = testedLedger(SPEC).held(principal("ada00000"), { outputBound: 100 });
	return new Map(budgetFields(hold.plan, hold.now, dialect));
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

test("of more units than three the three tightest are told, to SDKs each in its own field all the same", () => {
	const units = ["output_tokens", "input_tokens", "requests", "tokens", "gpu_seconds"] as const;
	const spec = budgetsSpec(units.map((unit) => ({ name: unit, unit, limit: 1_000, per: "day" })));
	const { held } = testedLedger(spec);
	held(principal("ada00000"), null).settle({ inputTokens: 300, outputTokens: 100, gpuUs: 50, nanos: 0 });
	const hold = held(principal("ada00000"), null);
	const standings = (dialect: "ollama" | "anthropic") => new Map(budgetFields(hold.plan, hold.now, dialect));
	for (const dialect of ["ollama", "anthropic"] as const) {
		assert.match(
			standings(dialect).get("ratelimit") ?? "",
			/^"output_tokens";r=900;t=\d+, "input_tokens";r=700;t=\d+, "tokens";r=600;t=\d+$/,
		);
		const policy = standings(dialect).get("ratelimit-policy") ?? "";
		assert.deepEqual(
			Array.from(policy.matchAll(/"(\w+)";q=/g), ([, name]) => name),
			["output_tokens", "input_tokens", "tokens"],
		);
	}
	assert.equal(standings("anthropic").get("anthropic-ratelimit-requests-remaining"), "998");
});

test("the rate is told in the same two fields, and to each caller the budgets that are tightest for him", () => {
	const tested = testedLedger(SPEC);
	const [ada, bob] = [principal("ada00000"), principal("bob00000")];
	tested.held(bob).settle(charge(97_000));
	tested.pass(86_400_000);
	const rate: RateFields = [
		["ratelimit-policy", '"requests";q=60;w=60'],
		["ratelimit", '"requests";r=59;t=1'],
	];
	const told = (who: Principal, beside: RateFields | null) => {
		const hold = tested.held(who, { outputBound: 100, mostInput: 0 });
		const fields = new Map(budgetFields(hold.plan, hold.now, "ollama", beside));
		hold.giveUp();
		return [fields.get("ratelimit-policy"), fields.get("ratelimit")?.replaceAll(/=\d+/g, "")];
	};
	const ofAda = [
		'"tight";q=5000;w=86400;qu="tokens", "gpu";q=60;w=3600;qu="gpu-seconds", "now";q=3;qu="concurrent-requests"',
		'"tight";r;t, "gpu";r;t, "now";r;t',
	];
	const ofBob = [
		'"wide";q=100000;w=2592000;qu="tokens", "gpu";q=60;w=3600;qu="gpu-seconds", "now";q=3;qu="concurrent-requests"',
		'"wide";r;t, "gpu";r;t, "now";r;t',
	];
	for (let turn = 0; turn < 2; turn++) {
		assert.deepEqual(told(ada, rate), [`"requests";q=60;w=60, ${ofAda[0]}`, `"requests";r;t, ${ofAda[1]}`]);
		assert.deepEqual(told(ada, null), ofAda);
		assert.deepEqual(told(bob, null), ofBob);
		assert.deepEqual(told(bob, rate), [`"requests";q=60;w=60, ${ofBob[0]}`, `"requests";r;t, ${ofBob[1]}`]);
	}
	const faster: RateFields = [["ratelimit-policy", '"requests";q=90;w=60'], rate[1]];
	assert.match(told(bob, faster)[0] ?? "", /^"requests";q=90;w=60, "wide"/);
});

test("SDKs of OpenAI and Anthropic are told in fields of their own", () => {
	assert.equal(fieldsIn("openai").get("x-ratelimit-remaining-tokens"), "4388");
	assert.equal(fieldsIn("anthropic").get("anthropic-ratelimit-tokens-limit"), "5000");
	assert.equal(fieldsIn("anthropic").get("anthropic-ratelimit-tokens-reset"), "2026-11-24T00:00:00.000Z");
});

test("of the role's rate and a budget of requests SDKs are told the one that leaves fewer, once", () => {
	const spec = budgetsSpec([{ unit: "requests", limit: 10, per: "hour" }]);
	const hold = testedLedger(spec).held(principal("ada00000"), null);
	for (const [remaining, told] of [
		[3, ["1200", "3", "250ms"]],
		[9, ["10", "9", "1h0m0s"]],
		[100, ["10", "9", "1h0m0s"]],
	] as const) {
		const fields = budgetFields(hold.plan, hold.now, "openai", null, { limit: 1_200, remaining, resetMs: 250, now: hold.now });
		const names = ["limit", "remaining", "reset"].map((each) => `x-ratelimit-${each}-requests`);
		assert.deepEqual(
			names.map((name) => fields.filter(([each]) => each === name).map(([, value]) => value)),
			told.map((value) => [value]),
		);
	}
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
