import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { endedEvent, startedEvent } from "../../../test/support/sample-events.ts";
import type { Event } from "../../model/event.ts";
import { Calendar } from "../../std/calendar.ts";
import { UsageTally } from "../../usage/usage-tally.ts";
import { FreshUsage } from "./fresh-usage.ts";

const UTC = new Calendar("UTC");
/** In New York it is still the day before. */
const EARLY = Date.UTC(2026, 9, 31, 2);

function linesOf(...events: readonly Event[]): string {
	return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

const ONE = linesOf(endedEvent({ at: EARLY }));
const THREE = linesOf(startedEvent(), endedEvent({ at: EARLY }), endedEvent({ at: EARLY, principal: "other" }));

/** Everything up to record 7 has been counted, and records 8 to 10 were seen since. */
function fresh(): FreshUsage {
	const usage = new FreshUsage();
	usage.take(0, 7, UTC);
	usage.add(THREE, 3, 10);
	return usage;
}

test("after a start nothing is known of what the log holds", () => {
	const usage = new FreshUsage();
	usage.add(ONE, 1, 1);
	assert.equal(usage.take(0, 1, UTC), null);
});

const untold: readonly (readonly [what: string, change: (usage: FreshUsage) => void, take?: readonly [number, number, Calendar]])[] = [
	["a block that nobody showed it lies between", (usage) => usage.add(ONE, 1, 12), [7, 12, UTC]],
	["the same block was seen again, because its commit was tried again", (usage) => usage.add(THREE, 3, 10)],
	["the last record of a block was seen before", (usage) => usage.add(THREE, 3, 11), [7, 11, UTC]],
	["a block of before was seen", (usage) => usage.add(ONE, 1, 7)],
	["it was told to forget", (usage) => usage.forget()],
	["the days of another time zone are asked for", () => {}, [7, 10, new Calendar("America/New_York")]],
	["less was counted than it had thought", () => {}, [6, 10, UTC]],
	["more was counted than it had thought", () => {}, [8, 10, UTC]],
	["the log goes on after what was seen", () => {}, [7, 11, UTC]],
	["the log ends before what was seen", () => {}, [7, 9, UTC]],
];
for (const [what, change, [after, last, calendar] = [7, 10, UTC]] of untold) {
	test(`where ${what}, only the log can tell; what follows is known again`, () => {
		const usage = fresh();
		change(usage);
		assert.equal(usage.take(after, last, calendar), null);
		usage.add(ONE, 1, last + 1);
		assert.deepEqual(told(usage, last, last + 1, calendar), counted([[ONE, last + 1]], calendar));
	});
}

test("after a gap nothing is summed up until the log was counted, even where the numbers fit again", () => {
	const usage = fresh();
	usage.add(ONE, 1, 12);
	usage.add(ONE, 1, 11);
	assert.equal(usage.take(7, 11, UTC), null);
});

test("of more rows than memory should hold for whoever never counts, only the log can tell", () => {
	const blocks = Array.from({ length: 101 }, (_, block) =>
		linesOf(...Array.from({ length: 1_000 }, (__, line) => endedEvent({ at: EARLY, principal: `caller-${block}-${line}` }))),
	);
	const usage = new FreshUsage();
	const add = (from: number, to: number) => {
		for (const [block, lines] of blocks.slice(from, to).entries()) usage.add(lines, 1_000, 1_000 * (from + block + 1));
	};
	usage.take(0, 0, UTC);
	add(0, 100);
	assert.equal([...(usage.take(0, 100_000, UTC) ?? [])].length, 100_000);
	usage.take(100_000, 0, UTC);
	add(0, 101);
	assert.ok(usage.take(0, 101_000, UTC) === null);
});

test("the blocks since the last count say what they add, and in which records that stands", () => {
	const usage = fresh();
	usage.add(ONE, 1, 11);
	const rows = told(usage, 7, 11);
	assert.deepEqual(
		rows?.map(({ principal, requests, outputTokens, period, firstSeq, lastSeq }) => [
			principal,
			requests,
			outputTokens,
			period,
			firstSeq,
			lastSeq,
		]),
		[
			["ab12cd34", 2, 88, "2026-10-31", 9, 11],
			["other", 1, 44, "2026-10-31", 10, 10],
		],
	);
});

test("what was taken is not told again", () => {
	const usage = fresh();
	usage.take(7, 10, UTC);
	assert.deepEqual(told(usage, 10, 10), []);
	usage.add(ONE, 1, 11);
	assert.deepEqual(told(usage, 10, 11), counted([[ONE, 11]]));
});

const EVENT = fc.oneof(
	fc.constant(startedEvent()),
	fc
		.record({ at: fc.integer({ min: EARLY - 100_000_000, max: EARLY }), principal: fc.constantFrom("a", "b", null), bytesIn: fc.nat() })
		.map((changes) => endedEvent(changes)),
);

test("whatever the blocks hold and whenever it is counted, it is what the log says", () => {
	fc.assert(
		fc.property(
			fc.array(fc.tuple(fc.array(EVENT, { minLength: 1, maxLength: 5 }), fc.boolean()), { maxLength: 12 }),
			fc.nat(),
			fc.constantFrom("UTC", "Asia/Kathmandu"),
			(blocks, from, timeZone) => {
				const calendar = new Calendar(timeZone);
				const usage = new FreshUsage();
				usage.take(0, from, calendar);
				let after = from;
				let last = from;
				let log: [string, number][] = [];
				for (const [events, counts] of blocks) {
					log.push([linesOf(...events), last + 1]);
					last += events.length;
					usage.add(linesOf(...events), events.length, last);
					if (!counts) continue;
					assert.deepEqual(told(usage, after, last, calendar), counted(log, calendar));
					after = last;
					log = [];
				}
				assert.deepEqual(told(usage, after, last, calendar), counted(log, calendar));
			},
		),
		{ numRuns: 100 },
	);
});

/** As it is counted from the log, block after block. */
function counted(log: readonly (readonly [lines: string, firstSeq: number])[], calendar = UTC) {
	const tally = new UsageTally(calendar);
	for (const [lines, firstSeq] of log) tally.add(lines, firstSeq);
	return [...tally.take()];
}

/** Null where only the log can tell. */
function told(usage: FreshUsage, after: number, last: number, calendar = UTC) {
	const rows = usage.take(after, last, calendar);
	return rows === null ? null : [...rows];
}
