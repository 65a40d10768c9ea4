/**
 * An upstream whose runner wedges, as recorded of a real one (`upstream-wedged`): after so many aborted streams of a model, further inference on that model
 * takes requests and answers none until their callers leave, while lists and health stay green. Unloading the model cures it; who hangs keeps hanging.
 */

import { Departed, type Job, type Runner, ScriptedRunner } from "../../src/demo/runner.ts";
import { type Demonstration, startDemonstration } from "../../src/demo/server.ts";
import { full, spell } from "../../src/demo/spelling.ts";

export interface WedgingUpstream extends Demonstration {
	isWedged(model: string): boolean;
	/** Wedges at once. */
	wedge(model: string): void;
}

export interface WedgingOptions {
	/** Aborted streams of one model until it wedges. */
	readonly afterAborted: number;
	/** Milliseconds a token. */
	readonly pace?: number;
}

export async function startWedgingUpstream({ afterAborted, pace = 0 }: WedgingOptions): Promise<WedgingUpstream> {
	const runner = new WedgingRunner(afterAborted, new ScriptedRunner(pace));
	const demonstration = await startDemonstration({ host: "127.0.0.1", port: 0, clock: Date.now, runner });
	return {
		...demonstration,
		isWedged: (model) => runner.wedged.has(fullNameOf(model)),
		wedge: (model) => void runner.wedged.add(fullNameOf(model)),
	};
}

class WedgingRunner implements Runner {
	readonly wedged = new Set<string>();
	readonly #afterAborted: number;
	readonly #inner: Runner;
	readonly #aborted = new Map<string, number>();

	constructor(afterAborted: number, inner: Runner) {
		this.#afterAborted = afterAborted;
		this.#inner = inner;
	}

	async *generate(job: Job, departed: AbortSignal): AsyncGenerator<number, void, void> {
		if (this.wedged.has(job.model)) await hang(departed);
		try {
			yield* this.#inner.generate(job, departed);
		} catch (error) {
			if (error instanceof Departed) this.#count(job.model);
			throw error;
		}
	}

	async embed(model: string, departed: AbortSignal): Promise<void> {
		if (this.wedged.has(model)) await hang(departed);
		await this.#inner.embed(model, departed);
	}

	unload(model: string): void {
		this.wedged.delete(model);
		this.#aborted.delete(model);
		this.#inner.unload(model);
	}

	#count(model: string): void {
		const aborted = (this.#aborted.get(model) ?? 0) + 1;
		this.#aborted.set(model, aborted);
		if (aborted >= this.#afterAborted) this.wedged.add(model);
	}
}

/** Until the caller leaves; then the words that a real Ollama was recorded to write. */
function hang(departed: AbortSignal): Promise<never> {
	const leave = () => new Departed("context canceled");
	if (departed.aborted) return Promise.reject(leave());
	return new Promise((_, reject) => departed.addEventListener("abort", () => reject(leave()), { once: true }));
}

function fullNameOf(model: string): string {
	const name = spell(model);
	if (name === null) throw new Error(`not a model name: ${model}`);
	return full(name);
}
