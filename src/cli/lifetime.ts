/** Lengths of time as the command line takes and shows them: `90s`, `24h`, `30d`. The grammar is the configuration's. */
import { readAmount } from "../config/values/amount.ts";
import { HintedError } from "../std/hinted-error.ts";

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const ALIASES = {
	sec: "s",
	second: "s",
	seconds: "s",
	min: "m",
	minute: "m",
	minutes: "m",
	hour: "h",
	hours: "h",
	day: "d",
	days: "d",
} as const;

/** Milliseconds; throws a HintedError that names the option. */
export function lifetimeOf(
	option: string,
	text: string,
	{ min = "1s", max = "3660d" }: { readonly min?: string; readonly max?: string } = {},
): number {
	const reading = readAmount({ noun: "a length of time", units: UNITS, example: "30d", aliases: ALIASES, min, max }, text);
	if ("value" in reading) return reading.value;
	throw new HintedError(`${option}: ${reading.message}`, reading.hint);
}

/** Rounded to its largest unit: `3d`, `5h`, `12m`, `8s`. */
export function roughly(ms: number): string {
	const [unit, length] = (Object.entries(UNITS)
		.toReversed()
		.find(([, size]) => ms >= size) ?? ["s", 1000]) satisfies [string, number];
	return `${Math.round(ms / length)}${unit}`;
}

/** A moment: `2026-01-31`, `2026-01-31T12:00:00Z`, or a length of time ago (`1h`). Unix ms. */
export function momentOf(option: string, text: string, now: number): number {
	if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
		const at = Date.parse(text);
		if (!Number.isNaN(at)) return at;
		throw new HintedError(
			`${option}: "${text}" is not a moment`,
			"write 2026-01-31, 2026-01-31T12:00:00Z, or a length of time ago such as 1h",
		);
	}
	return now - lifetimeOf(option, text);
}

/** UTC to the second: `2026-01-31 12:00:00Z`. */
export function shownMoment(at: number): string {
	return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")}Z`;
}
