import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { formatGoDuration, parseGoDuration } from "./go-duration.ts";

for (const text of [
	"",
	"m",
	"5 m",
	"5m ",
	"1d",
	"5M",
	"1e3s",
	"--1s",
	"+-1s",
	"1s-1s",
	"forever",
	".s",
	"5m3",
	"\u0665s",
	"1h".repeat(65),
]) {
	test(`${JSON.stringify(text.slice(0, 10))} is no duration`, () => assert.equal(parseGoDuration(text), null));
}

const durations: readonly (readonly [text: string, ms: number])[] = [
	["5m", 300_000],
	["1h30m", 5_400_000],
	["1.5s", 1500],
	[".5s", 500],
	["5.s", 5000],
	["250ms", 250],
	["1500us", 1.5],
	["1500\u00b5s", 1.5],
	["1500\u03bcs", 1.5],
	["1000000ns", 1],
	["-1m", -60_000],
	["+1m", 60_000],
	["0", 0],
	["0s", 0],
	["-1", -1000],
	["300", 300_000],
];

for (const [text, ms] of durations) {
	test(`${text} is ${ms} ms`, () => assert.equal(parseGoDuration(text), ms));
}

test("what is formatted reads back as the same duration", () => {
	fc.assert(fc.property(fc.nat(1e12), (ms) => assert.equal(parseGoDuration(formatGoDuration(ms)), ms)));
});

test("never throws and never answers with something that is no number", () => {
	const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."0123456789.smhnu-+".split("")), maxLength: 140, size: "max" }));
	fc.assert(
		fc.property(text, (input) => {
			const ms = parseGoDuration(input);
			assert.ok(ms === null || !Number.isNaN(ms));
		}),
	);
});
