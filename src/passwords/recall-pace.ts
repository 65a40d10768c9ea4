/**
 * How fast a remembered credential may be guessed at.
 *
 * A look into memory costs microseconds, so without a bound whoever shares an address with a caller who is remembered could try passwords as fast as
 * the machine answers. A thousand wrong ones are free, which no person comes near; after that looks are spaced, and whoever looks waits a turn. The
 * caller who is remembered waits too, for fractions of a second, and is not refused before very many guess at once.
 */
import { type RateSpec, takeRate } from "../quota/rate.ts";

const PACE: RateSpec = { perMinute: 300, burst: 1_000 };
const INTERVAL_MS = 60_000 / PACE.perMinute;
const MOST = 10_000;

export class RecallPace {
	/** By account at a network, for those that have something to remember: when the next look is due. */
	readonly #arrivals = new Map<string, number>();

	/** From now on there is something to guess at. */
	begin(pair: string): void {
		if (this.#arrivals.has(pair)) return;
		this.#arrivals.set(pair, 0);
		if (this.#arrivals.size <= MOST) return;
		const [oldest] = this.#arrivals.keys();
		if (oldest !== undefined) this.#arrivals.delete(oldest);
	}

	/** Ms to wait before looking; a wait is a turn taken. `now`: monotonic ms. */
	wait(pair: string, now: number): number {
		const arrival = this.#arrivals.get(pair);
		if (arrival === undefined || arrival <= now) return 0;
		const result = takeRate(arrival, now, PACE);
		if (result.allowed) return 0;
		this.#arrivals.set(pair, arrival + INTERVAL_MS);
		return result.retryAfterMs;
	}

	/** What was looked for was not there. */
	missed(pair: string, now: number): void {
		const arrival = this.#arrivals.get(pair);
		if (arrival === undefined) return;
		const { allowed, arrival: next } = takeRate(arrival, now, PACE);
		if (allowed) this.#arrivals.set(pair, next);
	}
}
