/** A runner that remembers how each generation ended: by itself, or because its caller left. */
import { Departed, type Job, type Runner, ScriptedRunner } from "../../src/demo/runner.ts";

import { eventually } from "./eventually.ts";

export class WitnessRunner implements Runner {
	readonly #inner = new ScriptedRunner(0);
	readonly #endings: ("ended" | "left")[] = [];
	#running = 0;

	async *generate(job: Job, departed: AbortSignal): AsyncGenerator<number, void, void> {
		this.#running += 1;
		let ending: "ended" | "left" = "ended";
		try {
			yield* this.#inner.generate(job, departed);
		} catch (error) {
			if (error instanceof Departed) ending = "left";
			throw error;
		} finally {
			this.#running -= 1;
			this.#endings.push(ending);
		}
	}

	async embed(model: string, departed: AbortSignal): Promise<void> {
		await this.#inner.embed(model, departed);
	}

	unload(): void {
		this.#inner.unload();
	}

	/** How the last generation ended, once none runs. */
	async lastEnding(): Promise<"ended" | "left" | null> {
		await eventually(() => this.#running === 0);
		return this.#endings.at(-1) ?? null;
	}
}
