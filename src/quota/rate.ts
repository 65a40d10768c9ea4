/**
 * Requests a minute, by the generic cell rate algorithm: one number a principal, no window whose edge can be gamed.
 *
 * `arrival` is the theoretical arrival time of the next request in ms; pass back what was returned, or `undefined` for a newcomer.
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

export function takeRate(arrival: number | undefined, now: number, spec: RateSpec): RateResult {
	const interval = 60_000 / spec.perMinute;
	const tolerance = interval * spec.burst;
	const earliest = Math.max(arrival ?? now, now);
	const next = earliest + interval;
	if (next - now > tolerance) return { allowed: false, arrival: earliest, remaining: 0, retryAfterMs: Math.ceil(next - now - tolerance) };
	return { allowed: true, arrival: next, remaining: Math.floor((tolerance - (next - now)) / interval), retryAfterMs: 0 };
}
