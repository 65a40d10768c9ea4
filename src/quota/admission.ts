/**
 * Room to run: requests a minute, concurrency per principal and in total, and a fair queue before the total.
 *
 *  - Pure state: the stage brings the clock, the promise and the timer.
 *  - Whoever is granted room holds it until `leave`; `leave` hands it to the next in the queue.
 *  - Budgets of tokens and GPU seconds will be further gates beside `rate` and `room`; a lease is already told what was used.
 */
import { FairQueue } from "./fair-queue.ts";
import { type RateResult, type RateSpec, takeRate } from "./rate.ts";

export interface AdmissionSpec {
	readonly rate: RateSpec;
	readonly concurrency: { readonly total: number; readonly perKey: number };
	readonly queueSize: number;
	readonly queueTimeoutMs: number;
}

interface Holder {
	arrival: number | undefined;
	running: number;
}

export interface Waiting {
	readonly principal: string;
	/** Called once when room was found; the waiter then holds it. */
	readonly proceed: () => void;
}

export class Admission {
	#spec: AdmissionSpec;
	#queue: FairQueue<Waiting>;
	readonly #holders = new Map<string, Holder>();
	#running = 0;

	constructor(spec: AdmissionSpec) {
		this.#spec = spec;
		this.#queue = new FairQueue(spec.queueSize);
	}

	get spec(): AdmissionSpec {
		return this.#spec;
	}

	get running(): number {
		return this.#running;
	}

	get queued(): number {
		return this.#queue.size;
	}

	/** What runs keeps its room; what waits keeps its place. */
	adjust(spec: AdmissionSpec): void {
		const queue = new FairQueue<Waiting>(Math.max(spec.queueSize, this.#queue.size));
		for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) queue.push(next.principal, next);
		this.#spec = spec;
		this.#queue = queue;
		this.#serveQueue();
	}

	/** Counts one request of the principal; `now` in ms of a clock that does not go backwards. */
	rate(principal: string, now: number): RateResult {
		const holder = this.#holder(principal);
		const result = takeRate(holder.arrival, now, this.#spec.rate);
		holder.arrival = result.arrival;
		return result;
	}

	/** Room without waiting. `running`: it is held now · `full`: there is a queue, see `enter` · `key-full`: no. */
	take(principal: string): "running" | "key-full" | "full" {
		const holder = this.#holder(principal);
		if (holder.running >= this.#spec.concurrency.perKey) return "key-full";
		if (this.#running >= this.#spec.concurrency.total) return "full";
		this.#hold(holder);
		return "running";
	}

	/** `running`: room is held now · `waiting`: `proceed` will be called, never from within · the rest: no. */
	enter(waiting: Waiting): "running" | "waiting" | "key-full" | "queue-full" {
		const taken = this.take(waiting.principal);
		if (taken !== "full") return taken;
		const holder = this.#holder(waiting.principal);
		if (!this.#queue.push(waiting.principal, waiting)) return "queue-full";
		// Waiting counts against the principal's own bound, or one principal could fill the queue.
		holder.running += 1;
		return "waiting";
	}

	/** Gives room back. */
	leave(principal: string): void {
		this.#holder(principal).running -= 1;
		this.#running -= 1;
		this.#serveQueue();
	}

	/** The waiter has gone or waited too long. False where it holds room already, and must `leave`. */
	giveUp(waiting: Waiting): boolean {
		if (!this.#queue.remove(waiting.principal, waiting)) return false;
		this.#holder(waiting.principal).running -= 1;
		return true;
	}

	/** Forgets principals that hold nothing and whose rate has recovered, so that memory follows who is active. */
	forgetIdle(now: number): void {
		for (const [principal, holder] of this.#holders) {
			if (holder.running === 0 && (holder.arrival ?? 0) <= now) this.#holders.delete(principal);
		}
	}

	#holder(principal: string): Holder {
		const known = this.#holders.get(principal);
		if (known !== undefined) return known;
		const holder: Holder = { arrival: undefined, running: 0 };
		this.#holders.set(principal, holder);
		return holder;
	}

	#hold(holder: Holder): void {
		holder.running += 1;
		this.#running += 1;
	}

	#serveQueue(): void {
		while (this.#running < this.#spec.concurrency.total) {
			const next = this.#queue.shift();
			if (next === undefined) return;
			this.#running += 1;
			next.proceed();
		}
	}
}
