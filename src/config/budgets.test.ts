import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "./parse.ts";

for (const [what, yaml, path, message] of [
	["a unit that there is not", "budgets: { a: { unit: token, limit: 1, per: day } }", "budgets.a.unit", /"token" is not one of/],
	["no limit", "budgets: { a: { unit: tokens, per: day } }", "budgets.a.limit", /is missing/],
	["a limit of nothing", "budgets: { a: { unit: tokens, limit: 0, per: day } }", "budgets.a.limit", /0 is out of range/],
	["a part of a token", "budgets: { a: { unit: tokens, limit: 1.5, per: day } }", "budgets.a.limit", /not a whole number/],
	["more than can be counted", "budgets: { a: { unit: money, limit: 10000000000, per: day } }", "budgets.a.limit", /out of range/],
	["no period", "budgets: { a: { unit: tokens, limit: 1 } }", "budgets.a.per", /is missing/],
	["a period of what runs now", "budgets: { a: { unit: concurrent, limit: 1, per: day } }", "budgets.a.per", /does not go with concurrent/],
	["a name with a space", 'budgets: { "a b": { unit: tokens, limit: 1, per: day } }', 'budgets."a b"', /is not a name/],
	["nobody at all", "budgets: { a: { unit: tokens, limit: 1, per: day, for: { roles: [] } } }", "budgets.a.for.roles", /empty/],
	["a price below zero", 'prices: { "*": { input: -1 } }', 'prices."*".input', /out of range/],
] as const) {
	test(`refuses ${what}`, () => {
		const parsed = parseConfig(`${yaml}\n`, "test");
		assert.ok("problems" in parsed);
		assert.deepEqual(
			parsed.problems.map((problem) => problem.path),
			[path],
		);
		assert.match(parsed.problems[0]?.message ?? "", message);
	});
}

test("reads limits and prices into the smallest things that count", () => {
	const yaml = `budgets:
  gpu: { unit: gpu_seconds, limit: 1.5, per: week, scope: everyone, window: rolling, on_exhausted: finish }
  cash: { unit: money, limit: 0.25, per: month, for: { models: ["*:70B"] } }
prices: { "LLAMA*": { input: 0.15, output: 0.6, gpu_second: 0.001 } }
`;
	const parsed = parseConfig(yaml, "test");
	assert.ok(!("problems" in parsed));
	const [gpu, cash] = parsed.config.budgets;
	assert.deepEqual(
		[gpu?.limit, gpu?.scope, gpu?.window, gpu?.onExhausted, gpu?.for.models],
		[1_500_000, "everyone", "rolling", "finish", null],
	);
	assert.deepEqual([cash?.limit, cash?.scope, cash?.onExhausted, cash?.for.models], [250_000_000, "key", "refuse", ["*:70b"]]);
	assert.deepEqual(parsed.config.prices, [["llama*", { input: 150, output: 600, gpuSecond: 1_000_000 }]]);
});
