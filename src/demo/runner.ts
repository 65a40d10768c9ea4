/**
 * The runner: says the tokens that a script holds, at a pace, until the script ends or the caller leaves.
 *
 *  - Between tokens the event loop turns, so a caller's departure stops even an endless script at once.
 *  - Tests put another runner in its place, to be wedged for instance.
 */
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";

import { END, successorOf } from "./vocabulary.ts";

export interface Job {
	/** Full name of the model. */
	readonly model: string;
	readonly prompt: readonly number[];
	/** The most tokens to say. */
	readonly limit: number;
	/** What to say instead of the script: a text that keeps to a requested format. */
	readonly instead: readonly number[] | null;
}

export interface Runner {
	/** The tokens after the prompt, the end token included. Throws Departed when the signal aborts. */
	generate(job: Job, departed: AbortSignal): AsyncGenerator<number, void, void>;
	/** Resolves when an embedding may be computed. Throws Departed. */
	embed(model: string, departed: AbortSignal): Promise<void>;
	/** The model leaves memory. */
	unload(model: string): void;
}

/** The caller left. The message is what Ollama still writes to it. */
export class Departed extends Error {
	constructor(message = "error reading llama-server response: context canceled") {
		super(message);
	}
}

export class ScriptedRunner implements Runner {
	readonly #paceMs: number;

	/** @param paceMs milliseconds for each token; 0 for as fast as the caller reads. */
	constructor(paceMs: number) {
		this.#paceMs = paceMs;
	}

	async *generate(job: Job, departed: AbortSignal): AsyncGenerator<number, void, void> {
		let last = job.prompt.at(-1) ?? END;
		for (let said = 0; said < job.limit; said += 1) {
			await this.#step(departed);
			last = job.instead === null ? successorOf(last) : (job.instead[said] ?? END);
			yield last;
			if (last === END) return;
		}
	}

	async embed(_model: string, departed: AbortSignal): Promise<void> {
		await this.#step(departed);
	}

	unload(): void {}

	async #step(departed: AbortSignal): Promise<void> {
		try {
			await (this.#paceMs > 0 ? pause(this.#paceMs, undefined, { signal: departed }) : turn(undefined, { signal: departed }));
		} catch {
			throw new Departed();
		}
	}
}
