/**
 * How many refusals of strangers are written one by one. Beyond the rate they are counted, and the counts written once a minute.
 *
 * Without it anybody who can open a connection could fill the disk, and a full disk refuses everyone.
 */
import type { RefusalsSummarised } from "../model/event.ts";
import type { Reason } from "../model/reason.ts";
import { takeRate } from "../quota/rate.ts";

export class RefusalSampler {
	#perMinute: number;
	#arrival: number | undefined = undefined;
	#counts = new Map<Reason, number>();
	#since: number;

	constructor(perMinute: number, monotonicNow: number) {
		this.#perMinute = perMinute;
		this.#since = monotonicNow;
	}

	adjust(perMinute: number): void {
		this.#perMinute = perMinute;
	}

	/** Whether this refusal is written; where not, it is counted. */
	admits(reason: Reason, monotonicNow: number): boolean {
		const admitted = this.hasRoom(monotonicNow);
		if (!admitted) this.count(reason);
		return admitted;
	}

	/** For what is never written one by one. */
	count(reason: Reason): void {
		this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
	}

	/** What was counted since the last call, one event a reason. */
	summarise(now: number, monotonicNow: number): readonly RefusalsSummarised[] {
		const sinceMs = Math.round(monotonicNow - this.#since);
		const events = [...this.#counts].map(([reason, count]) => ({ type: "refusals-summarised", at: now, reason, count, sinceMs }) as const);
		this.#counts = new Map();
		this.#since = monotonicNow;
		return events;
	}

	/** Takes one place of this minute's share; false where none is left. For what is not a refusal, and is not counted beyond the rate. */
	hasRoom(monotonicNow: number): boolean {
		if (this.#perMinute === 0) return false;
		const result = takeRate(this.#arrival, monotonicNow, { perMinute: this.#perMinute, burst: this.#perMinute });
		this.#arrival = result.arrival;
		return result.allowed;
	}
}
