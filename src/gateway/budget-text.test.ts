import assert from "node:assert/strict";
import { test } from "node:test";

import { budgetSpec, NOON } from "../../test/support/budgets.ts";
import type { BudgetSpec } from "../model/budget-spec.ts";
import { budgetExceededText, inUnits } from "./budget-text.ts";
import { standingJson } from "./standing-json.ts";

const LATER = NOON + 60_000;

for (const [what, spec, needed, used, text] of [
	[
		"never fits",
		{ unit: "tokens", limit: 100 },
		101,
		0,
		"this request needs about 101 tokens, and the budget 'daily' is 100 tokens a day: it never fits; ask for a shorter answer",
	],
	["is used up", {}, 1, 10, "the budget 'daily' is used up: 10 requests a day; there is room again at 2026-11-23T12:01:00.000Z"],
	[
		"has too little left",
		{ unit: "tokens", limit: 60 },
		35,
		26,
		"this request needs about 35 tokens, and 34 are left of the budget 'daily', 60 tokens a day: there is room again at 2026-11-23T12:01:00.000Z",
	],
	[
		"had too little left when an answer was ended",
		{ unit: "tokens", limit: 60 },
		0,
		26,
		"the budget 'daily' is used up: 60 tokens a day; there is room again at 2026-11-23T12:01:00.000Z",
	],
	["is held by others", {}, 1, 9, "the budget 'daily' has no room beside what runs now: 10 requests a day; try again when that has ended"],
	[
		"counts what runs",
		{ unit: "concurrent", limit: 2, per: null },
		1,
		0,
		"the budget 'daily' is used up: 2 requests at the same time; wait for one to end",
	],
	[
		"is of time",
		{ unit: "gpu_seconds", limit: 90_500_000, per: "hour" },
		0,
		90_500_000,
		"the budget 'daily' is used up: 90.5 GPU seconds an hour; there is room again at 2026-11-23T12:01:00.000Z",
	],
] as const satisfies readonly (readonly [string, Partial<BudgetSpec>, number, number, string])[])
	test(`says of a budget that ${what} what to do`, () => {
		assert.equal(budgetExceededText(budgetSpec(spec), needed, LATER, used), text);
	});

test("microseconds are seconds to the thousandth, billionths are money to the millionth, and nothing is less than none", () => {
	assert.deepEqual([inUnits("gpu_seconds", 1_234_567), inUnits("gpu_seconds", 400)], [1.235, 0]);
	assert.deepEqual([inUnits("money", 1_234_567_890), inUnits("money", 400)], [1.234568, 0]);
	assert.deepEqual([inUnits("tokens", 7.9), inUnits("requests", -3)], [7, 0]);
});

test("who it is of is said where there is somebody, and by which window where there are two", () => {
	const shown = (changes: Partial<BudgetSpec>) =>
		standingJson({ spec: budgetSpec(changes), subject: "ada00000", used: 3, held: 1, renewsAt: LATER });
	assert.deepEqual([shown({}).of, shown({}).window, shown({}).remaining], ["ada00000", "calendar", 6]);
	assert.equal("of" in shown({ scope: "everyone" }), false);
	for (const per of ["second", "minute", null] as const) assert.equal(shown({ per }).window, null);
	assert.equal(shown({}).renews_at, "2026-11-23T12:01:00.000Z");
	assert.equal(shown({ limit: 2 }).remaining, 0);
});
