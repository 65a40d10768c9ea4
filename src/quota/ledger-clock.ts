/**
 * The time that budgets go by: that of the clock, except that it never goes back.
 *
 *  - Where the clock was set back, time goes on from the latest moment at the pace of the monotonic clock: no window opens a second time, and none stays shut
 *    until the clock has caught up.
 *  - Where the clock jumps ahead, the windows that it passed are over, once. They do not come back with the clock.
 */
export class LedgerClock {
	#latest: number;
	#monotonic: number;

	/** `latest`: the last moment of a former run, or 0. */
	constructor(latest: number, monotonic: number) {
		this.#latest = latest;
		this.#monotonic = monotonic;
	}

	/** Unix ms; `wall` in Unix ms, `monotonic` in ms of a clock that is never set. */
	at(wall: number, monotonic: number): number {
		const passed = Math.max(0, monotonic - this.#monotonic);
		this.#monotonic = monotonic;
		this.#latest = wall >= this.#latest ? wall : this.#latest + passed;
		return this.#latest;
	}

	/** It was so late once: what a log says of a former run. */
	seen(at: number): number {
		this.#latest = Math.max(at, this.#latest);
		return this.#latest;
	}
}
