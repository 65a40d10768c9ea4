import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { Calendar } from "../std/calendar.ts";
import { Anomalies, type Anomaly, type AnomalySettings } from "./anomalies.ts";
import { medianOf, volumeBound } from "./unusual-volume.ts";

const MONDAY = Date.UTC(2026, 9, 5);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SETTINGS: AnomalySettings = { sensitivity: "normal", floor: 20_000, calendar: new Calendar("UTC") };
const KEY = { principal: "ab12cd34", model: "door:latest" };

/** Works from nine to five, so many days, so many tokens an hour. */
function worked(anomalies: Anomalies, days: number, tokens = 5_000, from = MONDAY): readonly Anomaly[] {
	const told: Anomaly[] = [];
	for (let day = 0; day < days; day += 1)
		for (let hour = 9; hour < 17; hour += 1) {
			// No two hours are alike.
			const share = Math.round((tokens / 4) * (1 + ((day * 7 + hour * 3) % 5) / 10));
			for (let request = 0; request < 4; request += 1)
				told.push(...anomalies.observe({ ...KEY, tokens: share, at: from + day * DAY + hour * HOUR + request * 60_000 }));
		}
	return told;
}

function after(days: number, settings: Partial<AnomalySettings> = {}): Anomalies {
	const anomalies = new Anomalies({ ...SETTINGS, ...settings });
	assert.deepEqual(worked(anomalies, days), []);
	return anomalies;
}

const TEN = MONDAY + 20 * DAY + 10 * HOUR;

const quiet: readonly (readonly [
	what: string,
	days: number,
	settings: Partial<AnomalySettings>,
	used: { model?: string; tokens: number; at: number },
])[] = [
	["a jump of one that is hardly known", 2, {}, { tokens: 900_000, at: MONDAY + 2 * DAY + 10 * HOUR }],
	["a jump that stays below the floor", 20, { floor: 100_000 }, { tokens: 99_000, at: TEN }],
	["twice as much as usual", 20, { floor: 0 }, { tokens: 12_000, at: TEN }],
	["anything, where it is off", 20, { sensitivity: "off" }, { model: "new:latest", tokens: 900_000, at: MONDAY + 20 * DAY + 3 * HOUR }],
	["a model on the first day", 0, {}, { model: "other:latest", tokens: 1, at: MONDAY + HOUR }],
	["an hour beside the usual ones", 20, {}, { tokens: 1, at: MONDAY + 20 * DAY + 18 * HOUR - 1 }],
	["an hour of the night, before two weeks have passed", 12, {}, { tokens: 1, at: MONDAY + 12 * DAY + 3 * HOUR }],
	["an hour of the night, of one who was at work on few days", 8, {}, { tokens: 1, at: MONDAY + 20 * DAY + 3 * HOUR }],
];
for (const [what, days, settings, used] of quiet)
	test(`says nothing of ${what}`, () => assert.deepEqual(after(days, settings).observe({ ...KEY, ...used }), []));

test("ten times as much as usual is told in the middle of the hour, once, and in the next hour only what is twice as much", () => {
	const anomalies = after(20);
	const told = (tokens: number, at: number) => anomalies.observe({ ...KEY, tokens, at }).map(({ type, seen }) => [type, seen]);
	assert.deepEqual(told(15_000, TEN), []);
	assert.deepEqual(told(40_000, TEN + 1), [["anomaly-volume", "55000"]]);
	assert.deepEqual(told(40_000, TEN + 2), []);
	assert.deepEqual(told(180_000, TEN + HOUR), []);
	assert.deepEqual(told(20_000, TEN + HOUR + 1), [["anomaly-volume", "200000"]]);
	assert.deepEqual(told(390_000, TEN + 2 * HOUR), []);
	// A day after the last one, it is news again.
	assert.deepEqual(told(60_000, TEN + HOUR + 25 * HOUR), [["anomaly-volume", "60000"]]);
});

test("what is told says what is usual, and what had to be passed", () => {
	const [anomaly] = after(20).observe({ ...KEY, tokens: 500_000, at: TEN });
	assert.equal(anomaly?.type, "anomaly-volume");
	assert.ok(Math.abs(Number(anomaly?.usual) - 6_000) < 1_000, anomaly?.usual);
	assert.ok(anomaly?.bound !== null && anomaly !== undefined && anomaly.bound >= 20_000 && anomaly.bound < 60_000);
});

test("a model that is new to a principal is told once, with the one before it", () => {
	const anomalies = after(20);
	const told = (model: string, at: number) => anomalies.observe({ ...KEY, model, tokens: 1, at });
	assert.deepEqual(told("qwen3:latest", TEN), [{ type: "anomaly-model", seen: "qwen3:latest", usual: "door:latest", bound: null }]);
	assert.deepEqual(told("door:latest", TEN + 1), []);
	assert.deepEqual(told("qwen3:latest", TEN + 2), []);
	// Used all the time, so never forgotten; the other one is after a quarter of a year.
	assert.deepEqual(told("door:latest", TEN + 3), []);
	assert.deepEqual(told("door:latest", TEN + 100 * DAY), []);
	assert.deepEqual(
		told("qwen3:latest", TEN + 100 * DAY + 1).map(({ seen }) => seen),
		["qwen3:latest"],
	);
	assert.deepEqual(told("door:latest", TEN + 100 * DAY + 2), []);
});

test("an hour of the night is told to one who works by day, in the operator's time zone, and then known", () => {
	const anomalies = after(20, { calendar: new Calendar("Asia/Tokyo") });
	const night = MONDAY + 20 * DAY + 3 * HOUR;
	assert.deepEqual(anomalies.observe({ ...KEY, tokens: 1, at: night }), [
		{ type: "anomaly-hour", seen: "12:00", usual: "00:00 to 01:59, 18:00 to 23:59", bound: null },
	]);
	assert.deepEqual(anomalies.observe({ ...KEY, tokens: 1, at: night + HOUR }), []);
	assert.deepEqual(anomalies.observe({ ...KEY, tokens: 1, at: night + DAY }), []);
});

test("a program that works round the clock has no hours", () => {
	const anomalies = new Anomalies(SETTINGS);
	for (let hour = 0; hour < 40 * 24; hour += 1)
		if (hour % 24 < 19) assert.deepEqual(anomalies.observe({ ...KEY, tokens: 10, at: MONDAY + hour * HOUR }), []);
	assert.deepEqual(anomalies.observe({ ...KEY, tokens: 10, at: MONDAY + 40 * DAY + 21 * HOUR }), []);
});

/** Tokens of an hour of a steady program: so many requests as come by chance, each of a size by chance. */
function hourOf(random: () => number, mean: number): number {
	let tokens = 0;
	let left = Math.exp(-mean);
	for (let chance = random(); chance > left; chance *= random()) tokens += 100 + Math.floor(random() * 1_500);
	left = tokens;
	return left;
}

/** Mulberry32. */
function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

test("a steady load that comes by chance raises no alarm in weeks, and ten times as much does within its hour", () => {
	fc.assert(
		fc.property(
			fc.integer(),
			fc.integer({ min: 4, max: 60 }),
			fc.constantFrom("low" as const, "normal" as const),
			(seed, mean, sensitivity) => {
				const random = randomOf(seed);
				const anomalies = new Anomalies({ ...SETTINGS, sensitivity, floor: 0 });
				const sizes: number[] = [];
				let at = MONDAY;
				for (let hour = 0; hour < 21 * 24; hour += 1, at += HOUR) {
					const tokens = hourOf(random, mean);
					if (tokens === 0) continue;
					sizes.push(tokens);
					assert.deepEqual(anomalies.observe({ ...KEY, tokens, at }), []);
				}
				const jump = medianOf(sizes) * (sensitivity === "normal" ? 10 : 25);
				const told = anomalies.observe({ ...KEY, tokens: jump, at });
				assert.deepEqual(
					told.map(({ type }) => type),
					["anomaly-volume"],
				);
			},
		),
		{ numRuns: 40 },
	);
});

test("more sensitive means a lower bound, never below the floor, and one wild hour in the past hides nothing", () => {
	const hours = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 24, maxLength: 96, size: "max" });
	fc.assert(
		fc.property(hours, fc.integer({ min: 0, max: 50_000 }), (past, floor) => {
			const [high, normal, low] = (["high", "normal", "low"] as const).map((level) => volumeBound(past, level, floor));
			assert.ok(high !== undefined && normal !== undefined && low !== undefined);
			assert.ok(floor <= high && high <= normal && normal <= low);
		}),
	);
	const steady = Array.from({ length: 30 }, (_, hour) => 1_000 + (hour % 7));
	assert.ok(volumeBound([...steady, 1e9], "normal", 0) < 4_100);
	assert.equal(medianOf([]), 0);
});

test("what was learned is kept over a restart, in the middle of an hour too", () => {
	const first = after(20);
	assert.equal(first.observe({ ...KEY, tokens: 15_000, at: TEN }).length, 0);
	assert.equal(first.changed, true);
	const kept: ReturnType<Anomalies["snapshot"]> = JSON.parse(JSON.stringify(first.snapshot()));
	assert.equal(first.changed, false);
	const second = new Anomalies(SETTINGS);
	second.restore(kept);
	const at = TEN + 1_000;
	assert.deepEqual(second.observe({ ...KEY, tokens: 40_000, at }), first.observe({ ...KEY, tokens: 40_000, at }));
	const third = new Anomalies(SETTINGS);
	third.restore(JSON.parse(JSON.stringify(second.snapshot())));
	assert.deepEqual(third.observe({ ...KEY, tokens: 40_000, at: at + 1 }), []);
	assert.deepEqual(third.observe({ ...KEY, model: "door:latest", tokens: 1, at: TEN + HOUR }), []);
	assert.equal(third.observe({ ...KEY, model: "new:latest", tokens: 1, at: TEN + HOUR }).length, 1);
});

test("another sensitivity counts from the next request on", () => {
	const anomalies = after(20, { sensitivity: "off" });
	anomalies.adjust(SETTINGS);
	assert.deepEqual(worked(anomalies, 20, 5_000, MONDAY + 20 * DAY), []);
	anomalies.adjust({ ...SETTINGS, floor: 1_000_000 });
	assert.deepEqual(anomalies.observe({ ...KEY, tokens: 900_000, at: TEN + 20 * DAY }), []);
	anomalies.adjust(SETTINGS);
	assert.equal(anomalies.observe({ ...KEY, tokens: 1, at: TEN + 20 * DAY + 1 }).length, 1);
});

test("there is room for so many principals; a newcomer displaces nobody who was at work within a day", () => {
	const anomalies = new Anomalies(SETTINGS);
	for (let key = 0; key < 4_100; key += 1) anomalies.observe({ ...KEY, principal: `k${key}`, tokens: 1, at: MONDAY });
	assert.equal(anomalies.snapshot().length, 4_000);
	assert.equal(anomalies.snapshot().at(-1)?.[0], "k3999");
	anomalies.observe({ ...KEY, principal: "late", tokens: 1, at: MONDAY + 2 * DAY });
	assert.equal(anomalies.snapshot().length, 4_000);
	assert.equal(anomalies.snapshot().at(-1)?.[0], "late");
	assert.equal(anomalies.snapshot()[0]?.[0], "k1");
});

test("a clock that ran ahead by years and was set right again leaves everybody measured", () => {
	const anomalies = after(20);
	const years = 3_000 * DAY;
	anomalies.observe({ ...KEY, tokens: 5_000, at: TEN + years });
	anomalies.observe({ ...KEY, principal: "newcomer", tokens: 5_000, at: TEN + years });
	assert.deepEqual(worked(anomalies, 2, 5_000, MONDAY + 21 * DAY), []);
	assert.deepEqual(
		anomalies.observe({ ...KEY, tokens: 500_000, at: MONDAY + 23 * DAY + 10 * HOUR }).map(({ type }) => type),
		["anomaly-volume"],
	);
	assert.deepEqual(
		anomalies.observe({ ...KEY, tokens: 1, at: MONDAY + 24 * DAY + 3 * HOUR }).map(({ type }) => type),
		["anomaly-hour"],
	);
	// The newcomer learns from the day on at which the clock was right again.
	const told = (tokens: number, at: number) => anomalies.observe({ ...KEY, principal: "newcomer", tokens, at });
	for (let hour = 0; hour < 80; hour += 1) assert.deepEqual(told(5_000, TEN + 21 * DAY + hour * HOUR), []);
	assert.equal(told(500_000, TEN + 21 * DAY + 80 * HOUR).length, 1);
});

test("what was told while the clock ran ahead makes nothing quiet", () => {
	const anomalies = after(20);
	const years = 3_000 * DAY;
	assert.equal(anomalies.observe({ ...KEY, tokens: 90_000_000, at: TEN + years }).length, 1);
	assert.deepEqual(worked(anomalies, 3, 5_000, MONDAY + 21 * DAY), []);
	assert.equal(anomalies.observe({ ...KEY, tokens: 500_000, at: TEN + 24 * DAY }).length, 1);
});

test("an hour that is counted on where the clock was set back a little is the same hour", () => {
	const anomalies = after(20);
	assert.deepEqual(anomalies.observe({ ...KEY, tokens: 15_000, at: TEN }), []);
	assert.deepEqual(anomalies.observe({ ...KEY, tokens: 4_000, at: TEN - 2 }), []);
	assert.equal(anomalies.observe({ ...KEY, tokens: 40_000, at: TEN + 1 })[0]?.seen, "59000");
});

test("whoever was at work when the clock ran ahead keeps no place from a newcomer", () => {
	const anomalies = new Anomalies(SETTINGS);
	for (let key = 0; key < 4_000; key += 1) anomalies.observe({ ...KEY, principal: `k${key}`, tokens: 1, at: MONDAY + 3_000 * DAY });
	anomalies.observe({ ...KEY, principal: "late", tokens: 1, at: MONDAY });
	assert.equal(anomalies.snapshot().at(-1)?.[0], "late");
});

test("after a clock that ran ahead an hour of that time is not usual for good", () => {
	const anomalies = after(20);
	anomalies.observe({ ...KEY, tokens: 1, at: MONDAY + 3_000 * DAY + 3 * HOUR });
	assert.deepEqual(worked(anomalies, 80, 5_000, MONDAY + 21 * DAY), []);
	assert.deepEqual(
		anomalies.observe({ ...KEY, tokens: 1, at: MONDAY + 101 * DAY + 3 * HOUR }).map(({ type }) => type),
		["anomaly-hour"],
	);
});

test("a full house forgets whoever was at work longest ago", () => {
	const anomalies = new Anomalies(SETTINGS);
	for (let key = 0; key < 4_000; key += 1) anomalies.observe({ ...KEY, principal: `k${key}`, tokens: 1, at: MONDAY });
	anomalies.observe({ ...KEY, principal: "k0", tokens: 1, at: MONDAY + 2 * DAY });
	anomalies.observe({ ...KEY, principal: "late", tokens: 1, at: MONDAY + 2 * DAY });
	const known = anomalies.snapshot().map(([principal]) => principal);
	assert.deepEqual([known.length, known.includes("k0"), known.includes("k1"), known.includes("late")], [4_000, true, false, true]);
});

test("what is usual follows what was used lately", () => {
	const anomalies = after(20);
	const told = (day: number) => anomalies.observe({ ...KEY, tokens: 100_000, at: MONDAY + day * DAY + 10 * HOUR }).length;
	for (let day = 20; day < 40; day += 1) worked(anomalies, 1, 60_000, MONDAY + day * DAY);
	assert.equal(told(42), 0);
});

for (const [what, days, hours] of [
	["many hours of two days", 2, 14],
	["few hours of many days", 10, 2],
] as const) {
	test(`${what} are too few to measure a volume by`, () => {
		const anomalies = new Anomalies(SETTINGS);
		for (let day = 0; day < days; day += 1)
			for (let hour = 0; hour < hours; hour += 1)
				anomalies.observe({ ...KEY, tokens: 1_000 + hour, at: MONDAY + day * DAY + (8 + hour) * HOUR });
		assert.deepEqual(anomalies.observe({ ...KEY, tokens: 900_000, at: MONDAY + days * DAY + 9 * HOUR }), []);
	});
}

test("the second model of a first day is nothing new, and that of a later day is kept for the next save", () => {
	const anomalies = new Anomalies(SETTINGS);
	const told = (model: string, at: number) => anomalies.observe({ ...KEY, model, tokens: 1, at }).map(({ seen }) => seen);
	assert.deepEqual([told("door:latest", MONDAY), told("qwen3:latest", MONDAY + HOUR)], [[], []]);
	anomalies.snapshot();
	assert.deepEqual(told("llama:latest", MONDAY + HOUR + 1), []);
	assert.ok(anomalies.changed);
});

test("of so many models the one that was used longest ago is forgotten", () => {
	const anomalies = after(20);
	for (let model = 0; model < 40; model += 1) anomalies.observe({ ...KEY, model: `m${model}`, tokens: 1, at: TEN + model });
	const models = anomalies.snapshot()[0]?.[10].map(([model]) => model);
	assert.deepEqual([models?.length, models?.[0], models?.at(-1)], [32, "m8", "m39"]);
});
