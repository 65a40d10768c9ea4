import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { budgetSpec, NOON } from "../../test/support/budgets.ts";
import { BUDGET_PERIODS, type BudgetSpec } from "../model/budget-spec.ts";
import { Budget } from "./budget.ts";
import { type CalendarPeriod, calendarSpan } from "./calendar-span.ts";
import { LedgerClock } from "./ledger-clock.ts";
import { ShareClock } from "./share-clock.ts";
import { latestRecords, RecordWriter, type SubjectRecord } from "./subject-records.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const at = (text: string): number => Date.parse(text);

const spans: readonly (readonly [what: string, moment: string, period: CalendarPeriod, zone: string, start: string, end: string])[] = [
	["an hour", "2026-11-23T12:34:56.789Z", "hour", "UTC", "2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z"],
	[
		"an hour where clocks are half an hour off",
		"2026-11-23T12:34:00Z",
		"hour",
		"Asia/Kolkata",
		"2026-11-23T12:30:00Z",
		"2026-11-23T13:30:00Z",
	],
	["a day", "2026-11-23T12:00:00Z", "day", "Europe/Berlin", "2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z"],
	["a day of 23 hours", "2026-03-29T12:00:00Z", "day", "Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
	["a day of 25 hours", "2026-10-25T12:00:00Z", "day", "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"],
	["a day without midnight", "2018-11-04T12:00:00Z", "day", "America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"],
	["the day before a day that was left out", "2011-12-30T05:00:00Z", "day", "Pacific/Apia", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"],
	["a week, from Monday", "2026-11-29T22:00:00Z", "week", "UTC", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"],
	["a month", "2026-02-10T00:00:00Z", "month", "UTC", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"],
];
for (const [what, moment, period, zone, start, end] of spans) {
	test(`calendar: ${what} (${zone})`, () => {
		assert.deepEqual(calendarSpan(at(moment), period, zone), { start: at(start), end: at(end) });
	});
}

test("calendar: windows follow one another, and each holds the moment that was asked about", () => {
	const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia");
	const period = fc.constantFrom<CalendarPeriod>("day", "week", "month");
	fc.assert(
		fc.property(zone, period, fc.integer({ min: at("2005-01-01"), max: at("2040-01-01") }), (timeZone, per, moment) => {
			const span = calendarSpan(moment, per, timeZone);
			assert.ok(span.start <= moment && moment < span.end);
			assert.equal(calendarSpan(span.end, per, timeZone).start, span.end);
			assert.equal(calendarSpan(span.end - 1, per, timeZone).start, span.start);
		}),
	);
});

test("a clock that is set back opens no window again, and time goes on all the same", () => {
	const clock = new LedgerClock(0, 0);
	assert.equal(clock.at(NOON, 0), NOON);
	assert.equal(clock.at(NOON - DAY, 1_000), NOON + 1_000);
	assert.equal(clock.at(NOON - DAY + HOUR, HOUR + 1_000), NOON + HOUR + 1_000);
	assert.equal(clock.at(NOON + 2 * DAY, HOUR + 1_000), NOON + 2 * DAY);
	assert.equal(new LedgerClock(NOON, 5).at(NOON - DAY, 5), NOON);
});

test("the GPU's time is divided among those that run, and never charged twice", () => {
	const share = new ShareClock();
	const first = share.enter(0);
	const second = share.enter(100);
	assert.equal(share.leave(first, 0, 200), 0.75);
	assert.equal(share.leave(second, 100, 300), 0.75);
	const alone = share.enter(1_000);
	assert.equal(share.leave(alone, 1_000, 1_500), 1);
	assert.equal(share.leave(share.enter(2_000), 2_000, 2_000), 1);
});

test("the GPU's time: all charges together are the time that something ran, whatever comes and goes", () => {
	const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.boolean()), { maxLength: 60, size: "max" });
	fc.assert(
		fc.property(steps, (taken) => {
			const share = new ShareClock();
			const running: (readonly [virtual: number, since: number])[] = [];
			let now = 0;
			let busy = 0;
			let charged = 0;
			const leave = (): void => {
				const [virtual, since] = running.shift() ?? [0, 0];
				charged += share.leave(virtual, since, now) * (now - since);
			};
			for (const [pause, enters] of taken) {
				if (running.length > 0) busy += pause;
				now += pause;
				if (enters) running.push([share.enter(now), now]);
				else if (running.length > 0) leave();
			}
			while (running.length > 0) leave();
			assert.ok(Math.abs(charged - busy) < 1e-3, `${charged} of ${busy}`);
		}),
	);
});

const anyWindow = fc
	.tuple(fc.constantFrom(...BUDGET_PERIODS), fc.constantFrom("calendar" as const, "rolling" as const))
	.map(([per, window]): Partial<BudgetSpec> => ({ per, window, unit: "tokens", limit: 1_000 }));

function counterOf(budget: Budget) {
	const who = budget.subjects.of("", budget.subjects.layoutOf([budget]));
	return {
		used: (now: number) => who.used(budget, now),
		add: (amount: number, now: number) => who.add(budget, amount, now),
		renews: (need: number, now: number) => who.renews(budget, need, now),
		restore: (record: SubjectRecord) =>
			who.restore(
				record.seen,
				record.counts.map(({ used, older }) => ({ budget, used, older })),
			),
		record: () => {
			const writer = new RecordWriter();
			writer.write(who, -1);
			const [record] = latestRecords(writer.records());
			assert.ok(record !== undefined);
			return record;
		},
	};
}

test("every window: what was charged counts until it renews, no less, and all of it is forgotten in the end", () => {
	const charges = fc.array(fc.tuple(fc.integer({ min: 0, max: HOUR }), fc.integer({ min: 1, max: 100 })), {
		minLength: 1,
		maxLength: 20,
		size: "max",
	});
	fc.assert(
		fc.property(anyWindow, charges, (spec, taken) => {
			const counter = counterOf(new Budget(budgetSpec(spec), "Europe/Berlin"));
			let now = NOON;
			for (const [pause, amount] of taken) {
				now += pause;
				const before = counter.used(now);
				counter.add(amount, now);
				assert.ok(Math.abs(counter.used(now) - before - amount) < 1e-6);
			}
			const copy = counterOf(new Budget(budgetSpec(spec), "Europe/Berlin"));
			copy.restore(counter.record());
			assert.equal(copy.used(now), counter.used(now));
			if (counter.used(now) > 0) {
				const need = 1_000 - counter.used(now) + 1;
				const until = counter.renews(need, now);
				assert.ok(until > now);
				assert.ok(counter.used(until) + need <= 1_000 + 1e-6, "enough is free when it said so");
			}
			assert.equal(counter.used(now + 40 * DAY), 0);
		}),
	);
});

test("a rolling window never forgets what is younger than it", () => {
	const budget = new Budget(budgetSpec({ unit: "tokens", per: "hour", window: "rolling", limit: 100 }), "UTC");
	const counter = counterOf(budget);
	counter.add(10, NOON);
	assert.equal(counter.used(NOON + HOUR), 10);
	assert.equal(counter.used(NOON + HOUR + HOUR / 60 - 1), 10);
	assert.equal(counter.used(NOON + HOUR + HOUR / 60), 0);
});
