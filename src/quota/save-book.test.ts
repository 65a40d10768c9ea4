/** However callers come, go and come again: what was saved says at any time what is counted, and is never much more than that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { budgetsSpec, charge, principal, standings, testedLedger } from "../../test/support/budgets.ts";
import type { BudgetSpec } from "../model/budget-spec.ts";
import type { BudgetSnapshot } from "../ports/budget-store.ts";
import type { Ledger } from "./ledger.ts";
import { latestRecords, type Recorded, type RecordedLayout, RecordWriter } from "./subject-records.ts";

const HOUR = 3_600_000;
const SPEC: readonly Partial<BudgetSpec>[] = [
	{ name: "calls", per: "hour", limit: 1_000_000 },
	{ name: "lately", window: "rolling", per: "hour", limit: 1_000_000 },
	{ name: "tokens", unit: "tokens", per: "second", limit: 1_000_000_000 },
	{ name: "everyone", scope: "everyone", limit: 1_000_000_000 },
];

/** `numbers`: when it was looked at last, and of each budget what was used. */
function recorded(layout: RecordedLayout, subject: string, numbers: readonly number[], older: readonly number[] = []): Recorded {
	return { layout, subject, recordTo: (into, at) => into.set(numbers, at), hasNewOlder: true, recordedOlder: () => older };
}

/** What a store would hold. */
class Kept {
	pages: BudgetSnapshot[] = [];

	save(ledger: Ledger): void {
		const { keepFrom, ...page } = ledger.changes(0);
		this.pages = this.pages.filter(({ save }) => save >= keepFrom);
		this.pages.push(page);
	}

	get snapshot(): BudgetSnapshot {
		const last = this.pages.at(-1);
		assert.ok(last !== undefined);
		return { ...last, records: this.pages.flatMap(({ records }) => records) };
	}

	get numbers(): number {
		return this.pages.flatMap(({ records }) => records).reduce((sum, { numbers }) => sum + numbers.length, 0);
	}
}

function told(ledger: Ledger): readonly string[] {
	const used = standings(ledger).filter((standing) => standing.used > 0);
	return used.map(({ spec, subject, used: amount }) => `${spec.name} ${subject} ${amount.toFixed(3)}`).toSorted();
}

const step = fc.oneof(
	{ weight: 8, arbitrary: fc.record({ act: fc.constant("charge"), number: fc.nat(30) }) },
	{ weight: 3, arbitrary: fc.record({ act: fc.constant("save"), number: fc.constant(0) }) },
	{ weight: 2, arbitrary: fc.record({ act: fc.constant("wait"), number: fc.nat(2 * HOUR) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("forget"), number: fc.constant(0) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("reset"), number: fc.nat(30) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("lose"), number: fc.constant(0) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("reload"), number: fc.nat(SPEC.length) }) },
	{ weight: 1, arbitrary: fc.record({ act: fc.constant("restart"), number: fc.nat(SPEC.length) }) },
);

/** The same budgets in another order. */
function turned(by: number): readonly Partial<BudgetSpec>[] {
	return [...SPEC.slice(by), ...SPEC.slice(0, by)];
}

test("what was saved is what is counted", () => {
	fc.assert(
		fc.property(fc.array(step, { maxLength: 30, size: "max" }), (steps) => {
			let tested = testedLedger(budgetsSpec(SPEC));
			const kept = new Kept();
			for (const { act, number } of steps) {
				if (act === "charge") tested.held(principal(`key${number}`)).settle(charge(number + 1));
				else if (act === "wait") tested.pass(number);
				else if (act === "forget") tested.ledger.forgetIdle();
				else if (act === "reset") tested.ledger.reset("calls", `key${number}`);
				else if (act === "reload") tested.ledger.adjust(budgetsSpec(turned(number)));
				else if (act === "lose") {
					tested.ledger.changes(0);
					tested.ledger.changedAll();
				} else {
					kept.save(tested.ledger);
					const next = testedLedger(budgetsSpec(act === "restart" ? turned(number) : SPEC), tested.time);
					next.ledger.restore(structuredClone(kept.snapshot));
					assert.deepEqual(told(next.ledger), told(tested.ledger));
					if (act === "restart") tested = next;
				}
			}
		}),
		{ numRuns: 200 },
	);
});

test("what is kept stays within some times what there is to say, and loses nobody who was quiet all the time", () => {
	const { ledger, held, time } = testedLedger(budgetsSpec(SPEC.slice(0, 3)));
	const kept = new Kept();
	const CALLERS = 6_000;
	for (let at = 0; at < CALLERS; at++) held(principal(`key${at}`)).settle(charge(1));
	kept.save(ledger);
	const whole = kept.numbers;
	let most = 0;
	for (let save = 0; save < 120; save++) {
		for (let at = 0; at < 1_000; at++) held(principal(`key${(save * 1_000 + at) % (CALLERS / 2)}`)).settle(charge(1));
		kept.save(ledger);
		most = Math.max(most, kept.numbers);
	}
	assert.ok(most < 4 * whole + 2 * 65_536, `${most} numbers kept of ${whole}`);
	assert.ok(kept.pages.length < 60, `${kept.pages.length} saves kept`);
	const next = testedLedger(budgetsSpec(SPEC.slice(0, 3)), time).ledger;
	next.restore(kept.snapshot);
	assert.deepEqual(told(next), told(ledger));
});

test("a save says once how a caller stands, however often it called", () => {
	const { ledger, held } = testedLedger(budgetsSpec(SPEC.slice(0, 1)));
	const calls = (count: number): number => {
		for (let call = 0; call < count; call++) held(principal("key1")).settle(charge(1));
		return ledger.changes(0).records.reduce((sum, { numbers }) => sum + numbers.length, 0);
	};
	const once = calls(1);
	assert.equal(calls(1_000), once);
	assert.equal(calls(1_000), once);
});

test("what a caller used earlier in a rolling window is forgotten in time, also where it called again before the same save", () => {
	const spec = budgetsSpec(SPEC.slice(1, 2));
	const { ledger, held, pass, time } = testedLedger(spec);
	ledger.changes(0);
	for (const calls of [5, 3]) {
		for (let call = 0; call < calls; call++) held(principal("key1")).settle(charge(1));
		pass(HOUR / 6);
	}
	const next = testedLedger(spec, time);
	next.ledger.restore(ledger.changes(0));
	const used = () => standings(next.ledger, "lately").map((standing) => standing.used);
	assert.deepEqual(used(), [8]);
	next.pass((HOUR * 3) / 4);
	assert.deepEqual(used(), [3]);
});

test("a save is of those who changed alone, until budgets change places or a save failed", () => {
	const { ledger, held } = testedLedger(budgetsSpec(SPEC));
	const sizeOf = (): number => Array.from(latestRecords(ledger.changes(0).records)).length;
	for (let at = 0; at < 10; at++) held(principal(`key${at}`)).settle(charge(1));
	assert.equal(sizeOf(), 11);
	assert.equal(sizeOf(), 0);
	held(principal("key3")).settle(charge(1));
	assert.equal(sizeOf(), 2);
	ledger.adjust(budgetsSpec(SPEC.map((each) => ({ ...each, limit: 2_000_000 }))));
	assert.equal(sizeOf(), 0, "a limit is no other budget");
	ledger.adjust(budgetsSpec(turned(1)));
	assert.equal(sizeOf(), 11);
	ledger.changedAll();
	assert.equal(sizeOf(), 11);
});

for (const [what, names, numbers] of [
	["a scope that is none", "a", [9, 0, 1, 0, 0]],
	["a name that is longer than all names", "a", [0, 0, 2, 0, 0]],
	["names that nobody has", "ab", [0, 0, 1, 0, 0]],
	["nothing at all", "", []],
	["more budgets than there are places", "", [0, 3, 0]],
	["a place that is no whole number", "a", [0, 1, 0.5, 1, 0, 7, 0]],
	["older buckets that end too early", "a", [0, 1, 0, 1, 0, 7, 3, 0, 2, 1]],
	["older buckets of which one number is missing", "a", [0, 1, 0, 1, 0, 7, 2, 0, 1]],
	["a length below 0", "a", [0, 0, 1, 0, -3]],
	["a length that is no whole number", "a", [0, 0, 0.5, 0, 0]],
	["half a record", "a", [0, 1, 0, 1, 0]],
	["nothing but infinity", "", [Number.POSITIVE_INFINITY]],
] as const) {
	test(`refuses ${what}`, () => {
		assert.throws(() => Array.from(latestRecords([{ names, numbers: Float64Array.from(numbers) }])), /damaged/);
	});
}

test("any name goes there and back, in as many pieces as it takes", () => {
	const layout = { scope: "model", budgets: [{ place: 7 }, { place: 3 }] } as const;
	fc.assert(
		fc.property(
			fc.uniqueArray(fc.string({ unit: "binary" }), { maxLength: 20, size: "max" }),
			fc.array(fc.double(), { maxLength: 30, size: "max" }),
			(names, older) => {
				const writer = new RecordWriter();
				for (const subject of names) writer.write(recorded(layout, subject, [5, 0, 9], [1, older.length, ...older]), -1);
				const read = Array.from(latestRecords(structuredClone(writer.records())));
				assert.deepEqual(
					read,
					names.map((subject) => ({ scope: "model", subject, seen: 5, counts: [{ place: 3, used: 9, older }] })),
				);
			},
		),
	);
	const writer = new RecordWriter();
	const places = Array.from({ length: 30_000 }, (_, at) => writer.write(recorded(layout, `${at}`, [at, at, at]), -1));
	for (const [at, place] of places.entries()) assert.equal(writer.write(recorded(layout, `${at}`, [at, 0, at + 1]), place), place);
	const records = writer.records();
	assert.ok(records.length > 1);
	const read = Array.from(latestRecords(records), ({ subject, seen, counts }) => [subject, seen, counts[0]?.used]);
	assert.deepEqual(
		read,
		places.map((_, at) => [`${at}`, at, at + 1]),
	);
});

test("what is said last of a subject counts, whatever budgets it had before, and whoever was forgotten and came again is there", () => {
	const layoutOf = (place: number): RecordedLayout => ({ scope: "key", budgets: [{ place }] });
	const writer = new RecordWriter();
	writer.write(recorded(layoutOf(0), "ada", [1, 5]), -1);
	writer.addForgotten("key", "ada");
	writer.addForgotten("key", "bob");
	const first = writer.records();
	const second = new RecordWriter();
	second.write(recorded(layoutOf(1), "ada", [1, 6]), -1);
	const read = Array.from(latestRecords([...first, ...second.records()]));
	assert.deepEqual(
		read.map(({ subject, counts }) => [subject, counts.map(({ place, used }) => [place, used])]),
		[
			["ada", [[1, 6]]],
			["bob", []],
		],
	);
	assert.deepEqual(
		Array.from(latestRecords(first)).map(({ subject, counts }) => [subject, counts.length]),
		[
			["ada", 1],
			["bob", 0],
		],
	);
});

test("whoever changes again within one save is written over, and behind all else where it got other budgets or older buckets", () => {
	const narrow: RecordedLayout = { scope: "key", budgets: [{ place: 0 }] };
	const wide: RecordedLayout = { scope: "key", budgets: [{ place: 0 }, { place: 1 }] };
	const writer = new RecordWriter();
	writer.write(recorded(wide, "bob", [1, 3, 3]), -1);
	let place = writer.write(recorded(narrow, "ada", [1, 5]), -1);
	place = writer.write(recorded(narrow, "ada", [2, 6], [0, 2, 1, 4]), place);
	const { written } = writer;
	assert.equal(writer.write(recorded(narrow, "ada", [3, 7], [0, 2, 2, 5]), place), place);
	assert.equal(writer.written, written);
	writer.write(recorded(wide, "ada", [4, 8, 9]), place);
	const read = Array.from(latestRecords(writer.records()), ({ subject, seen, counts }) => [subject, seen, counts.map(({ used }) => used)]);
	assert.deepEqual(read, [
		["bob", 1, [3, 3]],
		["ada", 4, [8, 9]],
	]);
});

test("a record is as long as its budgets and buckets make it, also the first, and one that is longer than a piece", () => {
	const layout: RecordedLayout = { scope: "key", budgets: [{ place: 0 }] };
	const writer = new RecordWriter();
	const bucketsOf = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);
	for (const [name, count] of [
		["ada", 3_000],
		["bob", 70_000],
		["eve", 2],
	] as const)
		writer.write(recorded(layout, name, [1, 5], [0, count, ...bucketsOf(count)]), -1);
	const read = Array.from(latestRecords(writer.records()), ({ subject, counts }) => [subject, counts[0]?.older]);
	assert.deepEqual(read, [
		["ada", bucketsOf(3_000)],
		["bob", bucketsOf(70_000)],
		["eve", bucketsOf(2)],
	]);
});

test("what a record has of rolling windows is asked for where it is new, and not with every request", () => {
	const layout: RecordedLayout = { scope: "key", budgets: [{ place: 0 }] };
	const writer = new RecordWriter();
	const place = writer.write(recorded(layout, "ada", [1, 5], [0, 2, 7, 3]), -1);
	const asked = (): never => assert.fail("nothing of it is new");
	assert.equal(writer.write({ ...recorded(layout, "ada", [2, 6]), hasNewOlder: false, recordedOlder: asked }, place), place);
	const read = Array.from(latestRecords(writer.records()), ({ seen, counts }) => [seen, counts]);
	assert.deepEqual(read, [[2, [{ place: 0, used: 6, older: [7, 3] }]]]);
});

test("a thousand callers who get other budgets within one save share pieces", () => {
	const [before, after] = [0, 1].map((place): RecordedLayout => ({ scope: "key", budgets: [{ place }] }));
	assert.ok(before !== undefined && after !== undefined);
	const writer = new RecordWriter();
	for (let at = 0; at < 1_000; at++) {
		const place = writer.write(recorded(before, `key${at}`, [1, 5]), -1);
		writer.write(recorded(after, `key${at}`, [2, 6]), place);
	}
	const records = writer.records();
	assert.ok(records.length < 30, `${records.length} pieces`);
	const read = Array.from(latestRecords(records), ({ seen, counts }) => [seen, ...counts.map(({ place, used }) => [place, used])]);
	assert.deepEqual(
		read,
		Array.from({ length: 1_000 }, () => [2, [1, 6]]),
	);
});
