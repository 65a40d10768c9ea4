/**
 * Time as Ollama writes it: RFC 3339 with nanoseconds, trailing zeros dropped, never going backwards.
 *
 *  - The date comes from the wall clock, digits below a millisecond from the stopwatch.
 *  - Durations are nanoseconds and never 0: Ollama leaves zero durations out.
 */
import type { Clock, Stopwatch } from "../std/clock.ts";

const NANOS_PER_MILLI = 1_000_000n;

export class Moments {
	readonly #clock: Clock;
	readonly #stopwatch: Stopwatch;
	#last = 0n;

	constructor(clock: Clock, stopwatch: Stopwatch) {
		this.#clock = clock;
		this.#stopwatch = stopwatch;
	}

	/** Unix nanoseconds, later than every moment handed out before. */
	now(): bigint {
		const below = BigInt(Math.floor((this.#stopwatch() % 1) * 1e6));
		const moment = BigInt(Math.floor(this.#clock())) * NANOS_PER_MILLI + below;
		this.#last = moment > this.#last ? moment : this.#last + 1n;
		return this.#last;
	}

	/** Measures from now on; the result is in whole microseconds, at least one. */
	start(): () => number {
		const began = this.#stopwatch();
		return () => Math.max(1, Math.round((this.#stopwatch() - began) * 1e3)) * 1e3;
	}
}

/** `2026-11-23T03:53:55.48345722Z` */
export function rfc3339(moment: bigint): string {
	const whole = new Date(Number(moment / NANOS_PER_MILLI)).toISOString().slice(0, 19);
	const fraction = (moment % 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "");
	return fraction === "" ? `${whole}Z` : `${whole}.${fraction}Z`;
}

export function unixSeconds(moment: bigint): number {
	return Number(moment / 1_000_000_000n);
}

/** `Mon, 23 Nov 2026 03:53:54 GMT`, RFC 9110 §5.6.7. */
export function httpDate(moment: bigint): string {
	return new Date(Number(moment / NANOS_PER_MILLI)).toUTCString();
}
