/**
 * Requests a minute, by the generic cell rate algorithm: one number a principal, no window whose edge can be gamed.
 *
 * `arrival` is the theoretical arrival time of the next request in ms; pass back what was returned, or `undefined` for a newcomer.
 *
 * Times are fractions of a millisecond, so `(now + interval) - now` need not be `interval`: without some slack a newcomer with a burst of one is
 * refused at random (seen).
 */
export interface RateSpec {
	readonly perMinute: number;
	/** Requests that may come at once after a pause. */
	readonly burst: number;
}

export interface RateResult {
	readonly allowed: boolean;
	readonly arrival: number;
	/** Requests that would be allowed at this instant after this one. */
	readonly remaining: number;
	/** Until the next request is allowed; 0 where one is now. */
	readonly retryAfterMs: number;
}

/** Above what rounding does to a clock that has run for months, far below any interval that matters. */
const SLACK_MS = 1e-4;

export function takeRate(arrival: number | undefined, now: number, spec: RateSpec): RateResult {
	const interval = 60_000 / spec.perMinute;
	const tolerance = interval * spec.burst;
	const earliest = Math.max(arrival ?? now, now);
	const next = earliest + interval;
	const excess = next - now - tolerance;
	if (excess > SLACK_MS) return { allowed: false, arrival: earliest, remaining: 0, retryAfterMs: Math.ceil(excess) };
	return { allowed: true, arrival: next, remaining: Math.max(0, Math.floor((SLACK_MS - excess) / interval)), retryAfterMs: 0 };
}
