/**
 * Divides a GPU's time among the requests that run on it at the same moment.
 *
 *  - While n requests run, each is charged an n-th of the time that passes; so all of them together are never charged more than there was.
 *  - A request's share is what of its own time it had by this count: 1 where it was alone all the time, 0.5 where another ran all along.
 *  - An approximation: Ollama does not say how its batches divide the GPU, and a request that waits in Ollama's own queue counts as running.
 *
 * One number that grows: each request looks at it twice, whatever else comes and goes meanwhile.
 */
export class ShareClock {
	#running = 0;
	/** Time that a request would have been charged since the beginning. */
	#virtual = 0;
	#at = 0;

	/** Returns what `leave` wants back. `now` in ms of a clock that does not go backwards. */
	enter(now: number): number {
		this.#advance(now);
		this.#running += 1;
		return this.#virtual;
	}

	/** The share, from 0 to 1, of one that entered at `virtual` and `since`. */
	leave(virtual: number, since: number, now: number): number {
		this.#advance(now);
		this.#running -= 1;
		return now <= since ? 1 : Math.min(1, (this.#virtual - virtual) / (now - since));
	}

	/** As for `leave`, while it still runs: milliseconds that it would be charged by now. */
	chargedMs(virtual: number, now: number): number {
		this.#advance(now);
		return this.#virtual - virtual;
	}

	#advance(now: number): void {
		if (this.#running > 0) this.#virtual += (now - this.#at) / this.#running;
		this.#at = now;
	}
}
