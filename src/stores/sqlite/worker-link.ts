/**
 * The main thread's end of the store worker: sends requests, matches answers, and replaces a worker that died.
 *
 *  - A worker that dies fails what was asked of it; whether that reached the disk is unknown, and whoever retries must ask in a way that allows for it.
 *  - The next request starts a new worker. How often is the business of whoever retries, so there is no loop of dying workers here.
 */
import { Worker } from "node:worker_threads";
import type { Clock } from "../../std/clock.ts";
import { HintedError } from "../../std/hinted-error.ts";

import type { Answered, Asked, StoreReply, StoreRequest, WorkerSettings } from "./protocol.ts";

interface Waiting {
	readonly id: number;
	readonly resolve: (reply: StoreReply) => void;
	readonly reject: (why: Error) => void;
}

const NOTHING: readonly ArrayBuffer[] = [];

export type Succeeded = Exclude<StoreReply, { kind: "failed" }>;

export class WorkerLink {
	readonly #settings: WorkerSettings;
	readonly #clock: Clock;
	/**
	 * Oldest first, and answered nearly in that order. Not a Map: its replaced tables keep one another alive once they are old, and with them, until
	 * the next full collection, every request that waited for a commit (a third of all that was allocated).
	 */
	#waiting: Waiting[] = [];
	#worker: Worker | null = null;
	#lastId = 0;
	#closed = false;

	constructor(settings: WorkerSettings, clock: Clock) {
		this.#settings = settings;
		this.#clock = clock;
	}

	/** Rejects with a HintedError where an operator has to act, with an Error for any other failure. What is in `moved` is empty here afterwards. */
	async ask(request: StoreRequest, moved: readonly ArrayBuffer[] = NOTHING): Promise<Succeeded> {
		// A worker that nobody ends would keep the process, and write beside whoever has the state by now.
		if (this.#closed) throw new Error("the stores are closed");
		const reply = await new Promise<StoreReply>((resolve, reject) => {
			this.#lastId += 1;
			const asked: Asked = { id: this.#lastId, now: this.#clock(), request };
			const worker = this.#running();
			this.#waiting.push({ id: asked.id, resolve, reject });
			worker.postMessage(asked, moved);
		});
		if (reply.kind !== "failed") return reply;
		throw reply.hint === null ? new Error(reply.message) : new HintedError(reply.message, reply.hint);
	}

	/** Lets the worker close its files and end. */
	async close(): Promise<void> {
		const worker = this.#worker;
		if (worker === null) {
			this.#closed = true;
			return;
		}
		const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
		const answered = this.ask({ kind: "close" });
		this.#closed = true;
		await answered;
		await ended;
	}

	/** Ends the worker in the middle of whatever it does. For tests: nothing else gives this up. */
	async kill(): Promise<void> {
		await this.#worker?.terminate();
	}

	#running(): Worker {
		if (this.#worker !== null) return this.#worker;
		const worker = new Worker(new URL("./store-worker.ts", import.meta.url), { workerData: this.#settings, name: "stores" });
		worker.on("message", ({ id, reply }: Answered) => {
			const at = this.#waiting.findIndex((waiting) => waiting.id === id);
			if (at === -1) return;
			const [answered] = this.#waiting.splice(at, 1);
			answered?.resolve(reply);
		});
		let why = "the store worker ended";
		worker.on("error", (cause) => {
			why = `the store worker failed: ${cause instanceof Error ? cause.message : String(cause)}`;
		});
		worker.once("exit", () => {
			this.#worker = null;
			const orphans = this.#waiting;
			this.#waiting = [];
			for (const { reject } of orphans) reject(new Error(why));
		});
		this.#worker = worker;
		return worker;
	}
}
