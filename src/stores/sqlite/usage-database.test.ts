import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import type { UsageRow } from "../../ports/usage-ledger.ts";
import { noSums } from "../../usage/usage-sums.ts";
import { type Counted, type LogExtent, UsageDatabase } from "./usage-database.ts";

const LOG: LogExtent = { chain: "one", firstSeq: 1, lastSeq: 50, firstDay: "2026-10-01" };

function row(period: string, firstSeq = 1, lastSeq = 50): UsageRow {
	return {
		period,
		principal: "ada",
		groups: null,
		model: null,
		class: null,
		dialect: null,
		...noSums(),
		requests: 1,
		firstSeq,
		lastSeq,
	};
}

function opened(context: TestContext): UsageDatabase {
	const database = new UsageDatabase(join(temporaryDirectory(context), "usage.db"), 0);
	context.after(() => database.close());
	return database;
}

/** One that has counted a log of fifty records, up to the last of October. */
function counting(context: TestContext): UsageDatabase {
	const database = opened(context);
	const counted = database.begin(LOG, "UTC");
	Array.from(database.add([row("2026-10-30"), row("2026-10-31")], counted, 50));
	return database;
}

test("where nothing was counted it begins with the first record, and all can be proved", (context) => {
	const expected: Counted = { chain: "one", seq: 0, timeZone: "UTC", provableAfter: "", uncounted: 0 };
	assert.deepEqual(opened(context).begin(LOG, "UTC"), expected);
});

for (const [what, log, timeZone, seq, provableAfter, uncounted] of [
	["the log has grown", { lastSeq: 60 }, "UTC", 50, "", 0],
	["the log was pruned of what was counted", { firstSeq: 51, lastSeq: 60, firstDay: "2026-10-31" }, "UTC", 50, "", 0],
	["records are gone that were not counted", { firstSeq: 56, lastSeq: 60, firstDay: "2026-11-02" }, "UTC", 55, "2026-11-02", 5],
	["an older copy of the log was put back", { lastSeq: 40 }, "UTC", 40, "2026-10-31", 0],
	["days are those of another time zone", {}, "Europe/Zurich", 50, "2026-10-31", 0],
	["it is another log", { chain: "two", lastSeq: 90 }, "UTC", 0, "2026-10-31", 0],
	["it is another log of which the beginning is gone", { chain: "two", firstSeq: 11, lastSeq: 90 }, "UTC", 10, "2026-10-31", 10],
] as const)
	test(`where ${what}, what is counted stays, and from when on it can be proved is known`, (context) => {
		const database = counting(context);
		const chain = "chain" in log ? log.chain : "one";
		const next = { chain, seq, timeZone, provableAfter, uncounted };
		assert.deepEqual(database.begin({ ...LOG, ...log }, timeZone), next);
		// Once: the same again changes nothing.
		assert.deepEqual(database.begin({ ...LOG, ...log }, timeZone), next);
		assert.equal(Array.from(database.rows(null, null)).length, 2);
	});

test("rows of another log say nothing of where they are in this one, until more is added to them", (context) => {
	const database = counting(context);
	const counted = database.begin({ ...LOG, chain: "two" }, "UTC");
	const ranges = () =>
		Array.from(database.rows(null, null))
			.filter(({ period }) => period === "2026-10-31")
			.map(({ requests, firstSeq, lastSeq }) => [requests, firstSeq, lastSeq]);
	assert.deepEqual(ranges(), [[1, 0, 0]]);
	Array.from(database.add([row("2026-10-31", 7, 9)], counted, 50));
	assert.deepEqual(ranges(), [[2, 7, 9]]);
	Array.from(database.add([row("2026-10-31", 3, 4)], counted, 50));
	assert.deepEqual(ranges(), [[3, 3, 9]]);
});

test("what was broken off in the middle of its writing is not there, and can be done again", (context) => {
	const database = counting(context);
	const counted = database.begin({ ...LOG, lastSeq: 500 }, "UTC");
	const rows = Array.from({ length: 200 }, (_, at) => ({ ...row("2026-11-01"), principal: `p${at}` }));
	const work = database.add(rows, counted, 500);
	assert.equal(work.next().done, false);
	database.abandon();
	database.abandon();
	assert.equal(database.begin({ ...LOG, lastSeq: 500 }, "UTC").seq, 50);
	Array.from(database.add(rows, counted, 500));
	assert.equal(Array.from(database.rows("2026-11-01", null)).length, 200);
	assert.equal(database.begin({ ...LOG, lastSeq: 500 }, "UTC").seq, 500);
});

test("a day is summed up when all of its month is old enough, and what could not be proved before stays so", (context) => {
	const database = counting(context);
	assert.equal(database.oldestDayBefore("2026-10-31"), null);
	assert.equal(database.oldestDayBefore("2026-11-01"), "2026-10-30");
	database.rollUpDay("2026-10-30");
	assert.equal(database.oldestDayBefore("2026-11-01"), "2026-10-31");
	assert.equal(database.lastRolledUpDay(), "2026-10-31");
	database.forgetProof("2026-10-20");
	database.forgetProof("2026-10-10");
	assert.equal(database.begin(LOG, "UTC").provableAfter, "2026-10-20");
});
