import assert from "node:assert/strict";
import { test } from "node:test";

import type { UsageQuery, UsageRow } from "../ports/usage-ledger.ts";
import { OTHER, UsageFold } from "./usage-fold.ts";
import { noSums } from "./usage-sums.ts";

const ALL: UsageQuery = { by: "day", since: null, until: null, limit: 100, offset: 0 };

function row(changes: Partial<UsageRow> = {}): UsageRow {
	return {
		period: "2026-10-31",
		principal: "ab12cd34",
		groups: null,
		model: "door:latest",
		class: "infer",
		dialect: "ollama",
		...noSums(),
		requests: 1,
		inputTokens: 10,
		outputTokens: 5,
		firstSeq: 7,
		lastSeq: 9,
		...changes,
	};
}

function folded(rows: readonly UsageRow[], changes: Partial<UsageQuery> = {}, most?: number) {
	const fold = new UsageFold({ ...ALL, ...changes }, most);
	for (const one of rows) fold.add(one);
	return fold.result();
}

for (const [what, period, since, until, isIn, isCut] of [
	["a day before the range", "2026-09-30", "2026-10-01", null, false, false],
	["a day after the range", "2026-11-01", null, "2026-10-31", false, false],
	["a month across the beginning", "2026-10", "2026-10-02", null, false, true],
	["a month across the end", "2026-10", null, "2026-10-30", false, true],
	["a month before the range", "2026-09", "2026-10-01", null, false, false],
	["a month after the range", "2026-11", null, "2026-10-31", false, false],
	["the first day of the range", "2026-10-01", "2026-10-01", "2026-10-31", true, false],
	["the last day of the range", "2026-10-31", "2026-10-01", "2026-10-31", true, false],
	["a whole month", "2026-10", "2026-10-01", "2026-10-31", true, false],
	["anything without bounds", "2020-01", null, null, true, false],
] as const) {
	test(`${what} is ${isIn ? "in" : isCut ? "left out, and that is said" : "out"}`, () => {
		const { totals, cutMonths } = folded([row({ period })], { since, until });
		assert.deepEqual([totals.requests, cutMonths], [isIn ? 1 : 0, isCut ? [period] : []]);
	});
}

test("by key, those are passed over who prove themselves otherwise, in the totals too", () => {
	const { lines, totals } = folded([row(), row({ principal: "htpasswd:alice" }), row({ principal: null })], { by: "key" });
	assert.deepEqual([lines.map(({ of }) => of), totals.requests], [["ab12cd34"], 1]);
});

test("a principal of two groups counts in both, and once in the totals; one of none has a line of its own", () => {
	const { lines, totals } = folded([row({ groups: ["red", "blue"] }), row({ groups: ["red"] }), row()], { by: "group" });
	assert.deepEqual(
		lines.map(({ of, requests }) => [of, requests]),
		[
			["red", 2],
			["blue", 1],
			[null, 1],
		].toSorted((one, other) => Number(other[1]) - Number(one[1]) || (String(one[0] ?? "") < String(other[0] ?? "") ? -1 : 1)),
	);
	assert.equal(totals.requests, 3);
});

test("days come in their order, all else with the most tokens first", () => {
	const rows = [
		row({ period: "2026-11-02", inputTokens: 1 }),
		row({ period: "2026-11-01", model: "qwen:latest", inputTokens: 900 }),
		row(),
	];
	assert.deepEqual(
		folded(rows).lines.map(({ of }) => of),
		["2026-10-31", "2026-11-01", "2026-11-02"],
	);
	assert.deepEqual(
		folded(rows, { by: "model" }).lines.map(({ of, inputTokens }) => [of, inputTokens]),
		[
			["qwen:latest", 900],
			["door:latest", 11],
		],
	);
});

test("a page holds as many lines as asked, and says how many there are", () => {
	const rows = ["a", "b", "c", "d"].map((model) => row({ model }));
	const { lines, linesInAll } = folded(rows, { by: "model", limit: 2, offset: 1 });
	assert.deepEqual([lines.map(({ of }) => of), linesInAll], [["b", "c"], 4]);
});

test("beyond the bound what is new goes into one line, and nothing is lost", () => {
	const rows = ["a", "b", "c", "d", "a"].map((model) => row({ model }));
	const { lines, totals } = folded(rows, { by: "model" }, 2);
	assert.deepEqual(
		lines.map(({ of, requests }) => [of, requests]),
		[
			[OTHER, 2],
			["a", 2],
			["b", 1],
		],
	);
	assert.equal(totals.requests, 5);
});

test("the range of records is that of the rows in the range; rows of another log have none", () => {
	const { fromSeq, toSeq } = folded([
		row({ firstSeq: 40, lastSeq: 90 }),
		row({ firstSeq: 0, lastSeq: 0 }),
		row({ firstSeq: 12, lastSeq: 30 }),
	]);
	assert.deepEqual([fromSeq, toSeq], [12, 90]);
});

test("rows of another log say nothing of the part of this one that a report stands on", () => {
	const { fromSeq, toSeq } = folded([row({ firstSeq: 0, lastSeq: 0 }), row({ firstSeq: 7, lastSeq: 9 })]);
	assert.deepEqual([fromSeq, toSeq], [7, 9]);
	assert.deepEqual([folded([row({ firstSeq: 7 }), row({ firstSeq: 0 })]).fromSeq], [7]);
});

test("what used no model has no price", () => {
	const { models } = folded([row(), row({ model: null })], { withModels: true });
	assert.deepEqual(models, [{ model: "door:latest", inputTokens: 10, outputTokens: 5, gpuUs: 0 }]);
});
