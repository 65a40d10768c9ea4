/**
 * When a checkpoint is due: some time (by default a second) after the last one if anything changed, or after 1,000 events.
 *
 * That time is what a forger with root can rewrite without contradicting a checkpoint that has left the machine.
 */
import type { Stopwatch } from "../../std/clock.ts";

const SEAL_AFTER_EVENTS = 1_000;

export class SealSchedule {
	readonly #afterMs: number;
	readonly #stopwatch: Stopwatch;
	readonly #onDue: () => void;
	#unsealed = 0;
	#lastSealAt = Number.NEGATIVE_INFINITY;
	#timer: NodeJS.Timeout | null = null;

	/** `onDue` is called when `afterMs` have passed and nothing else was committed that could have carried the checkpoint. */
	constructor(afterMs: number, stopwatch: Stopwatch, onDue: () => void) {
		this.#afterMs = afterMs;
		this.#stopwatch = stopwatch;
		this.#onDue = onDue;
	}

	get hasUnsealed(): boolean {
		return this.#unsealed > 0;
	}

	/** Whether a commit of `adding` events should carry a checkpoint. */
	isDue(adding: number): boolean {
		const unsealed = this.#unsealed + adding;
		return unsealed > 0 && (unsealed >= SEAL_AFTER_EVENTS || this.#stopwatch() - this.#lastSealAt >= this.#afterMs);
	}

	committed(events: number, sealed: boolean): void {
		this.#unsealed = sealed ? 0 : this.#unsealed + events;
		if (sealed) this.#lastSealAt = this.#stopwatch();
		if (this.#unsealed === 0 || this.#timer !== null) return;
		const remaining = Math.max(1, Math.ceil(this.#lastSealAt + this.#afterMs - this.#stopwatch()));
		this.#timer = setTimeout(() => {
			this.#timer = null;
			if (this.isDue(0)) this.#onDue();
			// Another commit sealed meanwhile, and what came after it has time of its own.
			else this.committed(0, false);
		}, remaining);
	}

	stop(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
	}
}
