import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { BUDGET_UNITS, type BudgetSpec, type BudgetUnit } from "../model/budget-spec.ts";
import { standingJson } from "./standing-json.ts";

const SPEC: BudgetSpec = {
	name: "team",
	scope: "principal",
	unit: "requests",
	limit: 6,
	per: "minute",
	window: "calendar",
	onExhausted: "refuse",
	for: { roles: null, keys: null, groups: null, models: null },
};

function shown(unit: BudgetUnit, limit: number, used: number, held = 0) {
	const json = standingJson({ spec: { ...SPEC, unit, limit }, subject: "abcd1234", used, held, renewsAt: null });
	return [json.used, json.held, json.remaining, json.limit];
}

for (const [what, told, expected] of [
	["more used than there was leaves nothing, and says how much it was", shown("tokens", 100, 130, 5), [130, 5, 0, 100]],
	["more held than there is leaves nothing", shown("tokens", 100, 60, 50), [60, 50, 0, 100]],
	["of a rate a request that has begun to come back is still used", shown("requests", 6, 2.999), [3, 0, 3, 6]],
	["what has come back altogether but for what fractions add is there", shown("requests", 6, 3 + 1e-9), [3, 0, 3, 6]],
	["so is what fractions took away", shown("requests", 6, 3 - 1e-9), [3, 0, 3, 6]],
	["what runs is held", shown("concurrent", 4, 0, 3), [0, 3, 1, 4]],
	["GPU time is told in thousandths of a second", shown("gpu_seconds", 60_000_000, 1_234_567, 10_499), [1.235, 0.01, 58.755, 60]],
	["half a thousandth that was used is not left as well", shown("gpu_seconds", 1_000_000, 500), [0.001, 0, 0.999, 1]],
	["less than half a thousandth is told as nothing", shown("gpu_seconds", 1_000_000, 333, 333), [0, 0, 1, 1]],
	["money is told in millionths", shown("money", 5_000_000_000, 1_234_567_890, 100_000), [1.234568, 0.0001, 3.765332, 5]],
] as const) {
	test(what, () => assert.deepEqual(told, expected));
}

/** As a whole number of the last digit that is told. */
function inLastDigits(unit: BudgetUnit, told: number): number {
	return Math.round(told * (unit === "money" ? 1e6 : unit === "gpu_seconds" ? 1e3 : 1));
}

test("what is used, held and remains is together the limit, whatever was rounded", () => {
	const near = fc.tuple(fc.nat({ max: 1e4 }), fc.constantFrom(0, 1e-12, 1e-7, 0.3, 0.5)).map(([whole, part]) => whole + part);
	const amount = fc.oneof(near, fc.double({ min: 0, max: 1e12, noNaN: true }));
	const limit = fc.oneof(fc.integer({ min: 1, max: 1e4 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
	fc.assert(
		fc.property(fc.constantFrom(...BUDGET_UNITS), limit, amount, fc.integer({ min: 0, max: 1e6 }), (unit, most, used, held) => {
			const [toldUsed = NaN, toldHeld = NaN, remaining = NaN, toldLimit = NaN] = shown(unit, most, used, held).map((told) => {
				assert.ok(told >= 0, `${told}`);
				return inLastDigits(unit, told);
			});
			assert.equal(remaining, Math.max(0, toldLimit - toldUsed - toldHeld));
			// Nothing is told far from what it is.
			const fineness = unit === "money" || unit === "gpu_seconds" ? 1e3 : 1;
			assert.ok(Math.abs(toldUsed * fineness - used) <= fineness, `${used} is told as ${toldUsed}`);
			assert.ok(Math.abs(toldHeld * fineness - held) <= fineness, `${held} is told as ${toldHeld}`);
			assert.ok(Math.abs(toldLimit * fineness - most) <= fineness, `${most} is told as ${toldLimit}`);
		}),
		{ numRuns: 1_000 },
	);
});

for (const [per, window] of [
	[null, null],
	["second", null],
	["minute", null],
	["day", "rolling"],
] as const) {
	test(`the window of a budget ${per === null ? "that does not renew" : `per ${per}`} is ${window}`, () => {
		const spec = { ...SPEC, per, window: "rolling" } as const;
		assert.equal(standingJson({ spec, subject: "abcd1234", used: 0, held: 0, renewsAt: null }).window, window);
	});
}

test("the budget that everyone shares is nobody's; another names whose it is", () => {
	const everyone = standingJson({ spec: { ...SPEC, scope: "everyone" }, subject: "", used: 0, held: 0, renewsAt: null });
	assert.equal("of" in everyone, false);
	const own = standingJson({ spec: SPEC, subject: "abcd1234", used: 1, held: 0, renewsAt: Date.UTC(2026, 10, 1) });
	assert.deepEqual(own, {
		name: "team",
		scope: "principal",
		of: "abcd1234",
		unit: "requests",
		per: "minute",
		window: null,
		limit: 6,
		used: 1,
		held: 0,
		remaining: 5,
		renews_at: "2026-11-01T00:00:00.000Z",
		on_exhausted: "refuse",
	});
});
