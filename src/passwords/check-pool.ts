/**
 * Threads that check passwords one at a time, and the queue before them.
 *
 *  - A worker has one check at any time, so who is next is decided by the queue at the last moment, not by the order of arrival.
 *  - Whoever leaves while waiting gives up the place; a check that runs is run to its end, for it cannot be stopped.
 *  - A worker that dies makes its check a fault. The next check starts another.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

import { Fault } from "../model/fault.ts";

import { CheckQueue, type Place } from "./check-queue.ts";

export interface CheckAsked {
	readonly stored: string;
	readonly password: string;
}

export interface CheckAnswered {
	readonly right: boolean;
}

/** crowded-out: had to make room for somebody with a better claim, or found none · left: gave up. */
export type CheckOutcome = "right" | "wrong" | "crowded-out" | "left";

export interface PendingCheck {
	/** Rejects with a Fault where it could not be told. */
	readonly outcome: Promise<CheckOutcome>;
	giveUp(): void;
}

interface Job extends Place, CheckAsked {
	readonly settle: (outcome: CheckOutcome) => void;
	readonly fail: (why: Error) => void;
}

interface Desk {
	worker: Worker | null;
	job: Job | null;
}

/** Beyond this, the last to be served would have given up before their turn: at bcrypt's cost 10 a check takes about a tenth of a second. */
const CHECKS_WAITING = 64;

/** One of two cores at most; half of more. */
export function poolSize(cores = availableParallelism()): number {
	return Math.max(1, Math.min(8, Math.floor(cores / 2)));
}

export class CheckPool {
	readonly #queue: CheckQueue<Job>;
	readonly #desks: readonly Desk[];
	#closed = false;

	constructor(size = poolSize(), capacity = CHECKS_WAITING) {
		this.#queue = new CheckQueue(capacity);
		this.#desks = Array.from({ length: size }, () => ({ worker: null, job: null }));
	}

	/** Starts the threads, so that the first caller need not wait for that. */
	warmUp(): void {
		for (const desk of this.#desks) this.#workerOf(desk);
	}

	get waiting(): number {
		return this.#queue.size;
	}

	check(place: Place, stored: string, password: string): PendingCheck {
		const { promise, resolve, reject } = Promise.withResolvers<CheckOutcome>();
		const job: Job = { ...place, stored, password, settle: resolve, fail: reject };
		const pushed = this.#closed ? null : this.#queue.push(job);
		if (pushed === null) resolve("left");
		else if (!pushed.taken) resolve("crowded-out");
		else pushed.crowdedOut?.settle("crowded-out");
		this.#serve();
		return {
			outcome: promise,
			giveUp: () => {
				if (this.#queue.remove(job)) resolve("left");
			},
		};
	}

	async close(): Promise<void> {
		this.#closed = true;
		for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) job.settle("left");
		await Promise.all(this.#desks.map(({ worker }) => worker?.terminate() ?? Promise.resolve(0)));
	}

	/** Ends the threads in the middle of whatever they do. For tests: nothing else gives this up. */
	async kill(): Promise<void> {
		await Promise.all(this.#desks.map(({ worker }) => worker?.terminate() ?? Promise.resolve(0)));
	}

	#serve(): void {
		for (const desk of this.#desks) {
			if (desk.job !== null || this.#closed) continue;
			const job = this.#queue.shift();
			if (job === undefined) return;
			desk.job = job;
			const { stored, password } = job;
			this.#workerOf(desk).postMessage({ stored, password } satisfies CheckAsked);
		}
	}

	#workerOf(desk: Desk): Worker {
		if (desk.worker !== null) return desk.worker;
		const worker = new Worker(new URL("./check-worker.ts", import.meta.url), { name: "passwords" });
		desk.worker = worker;
		worker.on("message", ({ right }: CheckAnswered) => {
			const { job } = desk;
			desk.job = null;
			job?.settle(right ? "right" : "wrong");
			this.#serve();
		});
		let why = "the thread that checks passwords ended";
		worker.on("error", (cause) => {
			why = `the thread that checks passwords failed: ${cause instanceof Error ? cause.message : String(cause)}`;
		});
		worker.once("exit", () => {
			const { job } = desk;
			desk.worker = null;
			desk.job = null;
			if (this.#closed) job?.settle("left");
			else job?.fail(new Fault("key-store-unavailable", why));
			if (!this.#closed) this.#serve();
		});
		return worker;
	}
}
