import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { endedEvent, startedEvent } from "../../test/support/sample-events.ts";
import { type Event, OUTCOMES, type RequestEnded } from "../model/event.ts";
import type { UsageRow } from "../ports/usage-ledger.ts";
import { Calendar } from "../std/calendar.ts";
import { countedLine, whoIn, whoText } from "./counted-line.ts";
import { QuickLine } from "./quick-line.ts";
import { addSums, noSums } from "./usage-sums.ts";
import { UsageTally } from "./usage-tally.ts";

const NOON = Date.UTC(2026, 9, 31, 12);

function textOf(events: readonly Event[]): string {
	return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

/** Within a text, as it stands in a block. */
function isRead(quick: QuickLine, line: string): boolean {
	return quick.read(`before\n${line}\n{"type":"request-ended","at":7,"bytesIn":8}\n`, 7, 7 + line.length);
}

function rowsOf(events: readonly Event[], calendar = new Calendar("UTC")): readonly UsageRow[] {
	const tally = new UsageTally(calendar);
	tally.add(textOf(events), 1);
	return [...tally.take()];
}

const uncounted: readonly (readonly [what: string, line: string])[] = [
	["a request that has only started", JSON.stringify(startedEvent({ at: NOON }))],
	["a record of something else", JSON.stringify({ type: "server-stopped", at: NOON, drainedMs: 1, cut: 0 })],
	["an ended request without a moment", '{"type":"request-ended","at":null}'],
];
for (const [what, line] of uncounted) test(`${what} adds nothing`, () => assert.equal(countedLine(line), null));

for (const [what, changes] of [
	["was refused", { outcome: "refused", status: 403, usage: null }],
	["was not answered by a model", { outcome: "completed", status: 404, usage: null }],
	["failed", { outcome: "fault", status: 502, usage: null }],
] as const) {
	test(`the model of a request that ${what} does not count: the caller may have made it up`, () => {
		assert.equal(rowsOf([endedEvent({ at: NOON, model: "made-up", ...changes })])[0]?.model, null);
	});
}

test("the model counts where it answered, and where an operation on it was done", () => {
	assert.equal(rowsOf([endedEvent({ at: NOON })])[0]?.model, "llama3.2:latest");
	assert.equal(rowsOf([endedEvent({ at: NOON, outcome: "abandoned", status: 200 })])[0]?.model, "llama3.2:latest");
	assert.equal(rowsOf([endedEvent({ at: NOON, class: "manage", usage: null })])[0]?.model, "llama3.2:latest");
});

test("requests, tokens, GPU time and bytes are summed up by day, principal, groups, model, class and dialect", () => {
	const usage = { promptTokens: 3, outputTokens: 4, totalNs: null, loadNs: 1_000, promptNs: 2_499, evalNs: 3_000_000, estimated: false };
	const [row, ...others] = rowsOf([
		startedEvent({ at: NOON }),
		endedEvent({ at: NOON, groups: ["red", "blue"], usage, gpuTimeUs: 3_003 }),
		endedEvent({
			at: NOON + 1,
			groups: ["red", "blue"],
			usage: { ...usage, estimated: true },
			outcome: "abandoned",
			durationMs: 0.5,
			gpuTimeUs: 0,
		}),
		endedEvent({ at: NOON + 2, groups: ["red", "blue"], usage: { ...usage, loadNs: null, promptNs: null, evalNs: null }, gpuTimeUs: 40 }),
	]);
	assert.deepEqual(others, []);
	assert.deepEqual(row, {
		period: "2026-10-31",
		principal: "ab12cd34",
		groups: ["red", "blue"],
		model: "llama3.2:latest",
		class: "infer",
		dialect: "ollama",
		requests: 3,
		refused: 0,
		faults: 0,
		aborted: 1,
		inputTokens: 9,
		outputTokens: 12,
		gpuUs: 3_043,
		wallUs: 2 * 100_250 + 500,
		bytesIn: 930,
		bytesOut: 5_460,
		estimated: 1,
		untimed: 1,
		firstSeq: 2,
		lastSeq: 4,
	});
});

test("refusals that were not recorded one by one count as what they stand for, as strangers'", () => {
	const [row] = rowsOf([{ type: "refusals-summarised", at: NOON, reason: "credential-missing", count: 900, sinceMs: 60_000 }]);
	assert.deepEqual([row?.principal, row?.model, row?.requests, row?.refused], [null, null, 900, 900]);
});

test("a request counts on the day on which it ended, in the operator's time zone", () => {
	const ends = [Date.UTC(2026, 9, 31, 22, 59, 59, 999), Date.UTC(2026, 9, 31, 23)].map((at) => endedEvent({ at }));
	assert.deepEqual(
		rowsOf(ends, new Calendar("Europe/Zurich")).map(({ period }) => period),
		["2026-10-31", "2026-11-01"],
	);
});

/** What this program does not write, but a release before or after it, or a hand, may. */
for (const [what, written, other, name, counted] of [
	["a fraction", '"bytesIn":310', '"bytesIn":1.5', "bytesIn", 0],
	["an exponent", '"bytesIn":310', '"bytesIn":1e3', "bytesIn", 1_000],
	["less than nothing", '"bytesIn":310', '"bytesIn":-5', "bytesIn", 0],
	["more than a number holds", '"bytesIn":310', '"bytesIn":12345678901234567', "bytesIn", 0],
	["a text", '"bytesIn":310', '"bytesIn":"310"', "bytesIn", 0],
	["nothing", '"bytesIn":310,', "", "bytesIn", 0],
	["no duration", '"durationMs":100.25', '"durationMs":null', "wallUs", 0],
	["a duration without end", '"durationMs":100.25', '"durationMs":1e999', "wallUs", 0],
	["no GPU time, as an older record", ',"gpuTimeUs":60', "", "gpuUs", 0],
	["no tokens of the prompt", '"promptTokens":12', '"promptTokens":null', "inputTokens", 0],
] as const) {
	test(`a record that has ${what} there is counted as it is read, and takes nothing of the next`, () => {
		const line = JSON.stringify(endedEvent({ at: NOON, principal: "odd" }));
		assert.ok(line.includes(written));
		const odd = line.replace(written, other);
		assert.equal(isRead(new QuickLine(noSums()), odd), false);
		const tally = new UsageTally(new Calendar("UTC"));
		tally.add(`${odd}\n${JSON.stringify(endedEvent({ at: NOON }))}\n`, 1);
		const [second, first] = tally.take();
		assert.deepEqual([first?.principal, first?.[name], first?.requests, second?.requests], ["odd", counted, 1, 1]);
		assert.equal(second?.bytesIn, 310);
	});
}

const COUNT = fc.integer({ min: 0, max: 1e12 });
const NAME = fc.oneof(fc.constantFrom(null, "a", "b", 'with "quotes"', "a,b", ',"method":"', "x]"), fc.string({ maxLength: 8 }));
const ENDED = fc
	.record({
		at: fc.integer({ min: NOON - 200_000_000, max: NOON + 200_000_000 }),
		principal: NAME,
		groups: fc.oneof(fc.constant(null), fc.array(fc.string({ maxLength: 5 }), { maxLength: 3 })),
		model: NAME,
		class: fc.constantFrom(null, "infer" as const, "manage" as const),
		dialect: fc.constantFrom(null, "openai" as const),
		outcome: fc.constantFrom(...OUTCOMES),
		status: fc.constantFrom(200, 404, 499, 502),
		detail: NAME,
		durationMs: fc.oneof(
			fc.integer({ min: 0, max: 1e9 }).map((us) => us / 1_000),
			fc.constant(1e21),
		),
		bytesIn: COUNT,
		bytesOut: COUNT,
		usage: fc.oneof(
			fc.constant(null),
			fc.record({
				promptTokens: COUNT,
				outputTokens: COUNT,
				totalNs: fc.constantFrom(null, 5),
				loadNs: fc.oneof(fc.constant(null), COUNT),
				promptNs: fc.oneof(fc.constant(null), COUNT),
				evalNs: fc.oneof(fc.constant(null), COUNT),
				estimated: fc.boolean(),
			}),
		),
		gpuTimeUs: COUNT,
	})
	.map((changes) => endedEvent(changes));

test("whatever a line holds, reading its numbers gives what parsing it gives", () => {
	const quick = new QuickLine(noSums());
	let read = 0;
	fc.assert(
		fc.property(ENDED, (event) => {
			const line = JSON.stringify(event);
			const counted = countedLine(line);
			if (!isRead(quick, line)) return;
			read += 1;
			assert.equal(quick.at, counted?.at);
			assert.deepEqual({ ...quick.sums }, counted?.sums);
			assert.deepEqual(whoIn(quick.who), counted?.who);
			if (counted !== null) assert.deepEqual(whoIn(whoText(counted.who)), counted.who);
		}),
		{ numRuns: 500 },
	);
	assert.ok(read > 300, `${read} of 500 were read without parsing`);
});

test("a line as the recorder writes it is read without parsing; another order of its members, or a record without groups, is parsed", () => {
	const quick = new QuickLine(noSums());
	const event = endedEvent({ at: NOON });
	assert.equal(isRead(quick, JSON.stringify(event)), true);
	assert.equal(isRead(quick, JSON.stringify({ ...event, usage: null })), true);
	const { usage, ...rest } = event;
	assert.equal(isRead(quick, JSON.stringify({ usage, ...rest })), false);
	const { groups: _groups, ...older } = event;
	assert.deepEqual(rowsOf([older as Event]), rowsOf([event])); // As releases before groups wrote it.
});

test("where another program's record has something else between its members, the whole line is parsed", () => {
	const { principal, ...rest } = endedEvent({ at: NOON });
	const { type, at, request, ...after } = rest;
	// A brace that is opened behind the principal and not closed before the method.
	const line = JSON.stringify({ type, at, request, principal, more: { ...after }, ...after });
	assert.equal(isRead(new QuickLine(noSums()), line), false);
	const tally = new UsageTally(new Calendar("UTC"));
	tally.add(`${line}\n`, 1);
	assert.deepEqual([...tally.take()], rowsOf([endedEvent({ at: NOON })]));
});

test("what was taken is over: the same caller's next request is in a new row", () => {
	const tally = new UsageTally(new Calendar("UTC"));
	const line = textOf([endedEvent({ at: NOON })]);
	for (const seq of [1, 2, 3]) {
		tally.add(line, seq);
		assert.deepEqual(
			Array.from(tally.take(), ({ requests, firstSeq, lastSeq }) => [requests, firstSeq, lastSeq]),
			[[1, seq, seq]],
		);
	}
	assert.deepEqual([...tally.take()], []);
});

/** Refused for each of so many names of models that a caller made up, in records from `firstSeq` on. */
function madeUp(count: number, firstSeq: number, changes: Partial<RequestEnded> = {}): string {
	const refused = { at: NOON, outcome: "refused", status: 403, usage: null, gpuTimeUs: 0, durationMs: 1 } as const;
	return textOf(Array.from({ length: count }, (_, index) => endedEvent({ ...refused, model: `made-up-${firstSeq + index}`, ...changes })));
}

test("names of models that a caller made up are no rows", () => {
	const tally = new UsageTally(new Calendar("UTC"));
	tally.add(textOf([endedEvent({ at: NOON })]), 1);
	tally.add(madeUp(1_000, 2), 2);
	assert.equal(tally.size, 2);
});

test("many rows come in the order of their principals", () => {
	const principals = Array.from({ length: 9_000 }, (_, each) => `caller-${(each * 7_919) % 9_000}`);
	const rows = rowsOf(principals.map((principal, each) => endedEvent({ at: NOON, principal, bytesIn: each })));
	const order = rows.map(({ principal }) => principal ?? "");
	assert.deepEqual(order.toSorted(), principals.toSorted());
	for (const { principal, bytesIn, requests, firstSeq, lastSeq } of rows)
		assert.deepEqual([principal, requests, firstSeq, lastSeq], [principals[bytesIn], 1, bytesIn + 1, bytesIn + 1]);
	// In runs of some thousand: whoever sorted all at once would keep a commit waiting.
	assert.equal(order.filter((each, at) => each < (order[at - 1] ?? "")).length, 1);
});

test("however many names are made up, each request counts once, and where it belongs", () => {
	const tally = new UsageTally(new Calendar("UTC"));
	let seq = 1;
	for (let round = 0; round < 5; round += 1) {
		for (const principal of ["ab12cd34", "ef56gh78"]) {
			tally.add(madeUp(1_500, seq, { principal }), seq);
			seq += 1_500;
		}
		tally.add(textOf([endedEvent({ at: NOON }), endedEvent({ at: NOON + 86_400_000 })]), seq);
		seq += 2;
	}
	assert.deepEqual(
		Array.from(tally.take(), ({ period, principal, model, requests, refused, outputTokens, wallUs, firstSeq, lastSeq }) => ({
			of: [period, principal, model],
			sums: [requests, refused, outputTokens, wallUs],
			records: [firstSeq, lastSeq],
		})),
		[
			{ of: ["2026-10-31", "ab12cd34", "llama3.2:latest"], sums: [5, 0, 220, 501_250], records: [3_001, 15_009] },
			{ of: ["2026-10-31", "ab12cd34", null], sums: [7_500, 7_500, 0, 7_500_000], records: [1, 13_508] },
			{ of: ["2026-10-31", "ef56gh78", null], sums: [7_500, 7_500, 0, 7_500_000], records: [1_501, 15_008] },
			{ of: ["2026-11-01", "ab12cd34", "llama3.2:latest"], sums: [5, 0, 220, 501_250], records: [3_002, 15_010] },
		],
	);
});

test("the same lines give the same rows in whatever portions they are counted", () => {
	fc.assert(
		fc.property(fc.array(ENDED, { maxLength: 40, size: "max" }), fc.array(fc.nat(40), { maxLength: 5 }), (events, cuts) => {
			const tally = new UsageTally(new Calendar("Asia/Kathmandu"));
			const summed = new Map<string, ReturnType<typeof noSums>>();
			const slow = new Map<string, ReturnType<typeof noSums>>();
			const keyOf = ({ period, principal, groups, model, class: one, dialect }: UsageRow) =>
				JSON.stringify([period, principal, groups, model, one, dialect]);
			const flush = () => {
				for (const row of tally.take()) {
					const sums = summed.get(keyOf(row)) ?? noSums();
					addSums(sums, row);
					summed.set(keyOf(row), sums);
				}
			};
			for (const [index, event] of events.entries()) {
				if (cuts.includes(index)) flush();
				tally.add(textOf([event]), index + 1);
			}
			flush();
			for (const event of events) {
				const line = JSON.stringify(event);
				const counted = countedLine(line);
				if (counted === null) continue;
				const { principal, groups, model, class: one, dialect } = counted.who;
				const period = new Calendar("Asia/Kathmandu").dayOf(counted.at);
				const key = JSON.stringify([period, principal, groups === "" ? null : JSON.parse(groups), model, one, dialect]);
				const sums = slow.get(key) ?? noSums();
				addSums(sums, counted.sums);
				slow.set(key, sums);
			}
			assert.deepEqual(summed, slow);
		}),
		{ numRuns: 150 },
	);
});
