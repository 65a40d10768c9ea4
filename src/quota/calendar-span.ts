/**
 * The window of a calendar in which a moment lies: hour, day, week (from Monday) or month, in a time zone.
 *
 * A day is as long as its zone makes it: 23 or 25 hours where clocks are changed, from one in the morning where there is no midnight. Windows follow one
 * another without a gap, and the end lies after the moment that was asked about, so a window can always be left.
 */
import type { BudgetPeriod } from "../model/budget-spec.ts";

/** Unix ms; the end is the beginning of the next. */
export interface Span {
	readonly start: number;
	readonly end: number;
}

export type CalendarPeriod = Exclude<BudgetPeriod, "second" | "minute">;

const HOUR_MS = 3_600_000;

export function calendarSpan(at: number, period: CalendarPeriod, timeZone: string): Span {
	const moment = Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(timeZone);
	if (period === "hour") {
		const start = Math.floor(at) - (moment.minute * 60_000 + moment.second * 1_000 + moment.millisecond);
		return { start, end: start + HOUR_MS };
	}
	const first = firstDayOf(moment, period);
	return { start: first.epochMilliseconds, end: first.add(LENGTH[period]).startOfDay().epochMilliseconds };
}

const LENGTH = { day: { days: 1 }, week: { weeks: 1 }, month: { months: 1 } } as const;

function firstDayOf(moment: Temporal.ZonedDateTime, period: "day" | "week" | "month"): Temporal.ZonedDateTime {
	switch (period) {
		case "day":
			return moment.startOfDay();
		case "week":
			return moment.subtract({ days: moment.dayOfWeek - 1 }).startOfDay();
		case "month":
			return moment.with({ day: 1 }).startOfDay();
	}
}
