import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { Calendar, dayPlus, isDay, isMonth, isTimeZone, lastDayOf, monthOf } from "./calendar.ts";

for (const name of ["", "Europe/Atlantis", "CEST+1", "local", "../etc/passwd"])
	test(`there is no time zone ${JSON.stringify(name)}`, () => assert.equal(isTimeZone(name), false));
for (const name of ["UTC", "Europe/Zurich", "Asia/Kathmandu", "America/St_Johns"])
	test(`${name} is a time zone`, () => assert.equal(isTimeZone(name), true));

for (const text of ["2026-02-30", "2026-13-01", "2026-1-1", "26-01-01", "2026-01-01T00", "", "9999-99-99"])
	test(`${JSON.stringify(text)} is no day`, () => assert.equal(isDay(text), false));
for (const text of ["2026-13", "2026-00", "2026", "2026-1"]) test(`${text} is no month`, () => assert.equal(isMonth(text), false));

test("months end when they end, in leap years too", () => {
	assert.deepEqual(["2026-01", "2026-02", "2028-02", "2026-12"].map(lastDayOf), ["2026-01-31", "2026-02-28", "2028-02-29", "2026-12-31"]);
	assert.equal(dayPlus("2026-12-31", 1), "2027-01-01");
	assert.equal(dayPlus("2026-03-01", -1), "2026-02-28");
	assert.equal(monthOf("2026-12-31"), "2026-12");
});

test("days and hours change with the clocks of the zone", () => {
	const zurich = new Calendar("Europe/Zurich");
	// Clocks went back at 01:00 UTC: the hour from two to three came twice.
	const shown = [0, 0.5, 1, 1.5, 2].map((hours) => zurich.hourOf(Date.UTC(2026, 9, 25) + hours * 3_600_000));
	assert.deepEqual(shown, [2, 2, 2, 2, 3]);
	assert.equal(zurich.dayOf(Date.UTC(2026, 9, 24, 22)), "2026-10-25");
	assert.equal(new Calendar("UTC").dayOf(0), "1970-01-01");
});

test("whatever was asked before, a moment has the day that the zone gives it", () => {
	const moments = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2090, 0) });
	const zones = ["UTC", "Pacific/Apia", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"];
	for (const timeZone of zones) {
		const calendar = new Calendar(timeZone);
		const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
		fc.assert(
			fc.property(moments, (at) => assert.equal(calendar.dayOf(at), format.format(at))),
			{ numRuns: 100 },
		);
	}
});
