/**
 * Durations as Go writes them (`5m`, `1h30m`, `1.5s`, `-1m`), in milliseconds; null where Go would not read one.
 *
 * Source: `time.ParseDuration`. A number without a unit is Go's error except for 0; here it counts as seconds, so that a bound is
 * never missed should Ollama become more lenient.
 */
const UNITS_MS: Readonly<Record<string, number>> = {
	ns: 1e-6,
	us: 1e-3,
	"\u00b5s": 1e-3,
	"\u03bcs": 1e-3,
	ms: 1,
	s: 1000,
	m: 60_000,
	h: 3_600_000,
};

/** Longer than any honest one; keeps the cost of hostile text small. */
const MAX_LENGTH = 128;
const WHOLE = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/;
const PART = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g;

export function parseGoDuration(text: string): number | null {
	if (text.length > MAX_LENGTH) return null;
	const sign = text.startsWith("-") ? -1 : 1;
	if (/^[-+]?(?:\d+\.?\d*|\.\d+)$/.test(text)) return Number(text) * 1000;
	if (!WHOLE.test(text)) return null;
	let sum = 0;
	for (const [, number = "", unit = ""] of text.matchAll(PART)) sum += Number(number) * (UNITS_MS[unit] ?? 0);
	return sign * sum;
}

/** The shortest exact form: whole seconds, else milliseconds. */
export function formatGoDuration(ms: number): string {
	return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
