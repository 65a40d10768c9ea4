/** A length of time, written "120ms", "30s", "5m", "1h" or "7d", read into milliseconds. */
import { readAmount } from "./amount.ts";
import { textValue } from "./text-value.ts";

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const ALIASES = {
	msec: "ms",
	millis: "ms",
	milliseconds: "ms",
	sec: "s",
	secs: "s",
	second: "s",
	seconds: "s",
	min: "m",
	mins: "m",
	minute: "m",
	minutes: "m",
	hr: "h",
	hrs: "h",
	hour: "h",
	hours: "h",
	day: "d",
	days: "d",
	ms: "ms",
	s: "s",
	m: "m",
	h: "h",
	d: "d",
} as const;

/** Timers of the runtime count milliseconds in 31 bits; a longer one would fire at once instead of late. */
const LONGEST_DURATION = "24d";

/** `min` is "0s" only where zero has a meaning of its own. */
export function duration({ min = "1ms", max = LONGEST_DURATION }: { readonly min?: string; readonly max?: string } = {}) {
	const form = { noun: "a duration", units: UNITS, example: "30s", aliases: ALIASES, min, max };
	return textValue<number>({
		title: "duration",
		noun: form.noun,
		hint: "write a whole number and a unit, one of ms, s, m, h, d: 30s",
		pattern: "^[0-9]+(ms|s|m|h|d)$",
		read: (text) => readAmount(form, text),
	});
}
