/**
 * What requests of a model cost, learned from those that were answered: six running means, so that what is kept is bounded and old times fade.
 *
 *  - The cost of a request that ended is the time of the runner as Ollama reports it (reading and writing, not loading nor waiting in its queue). Where
 *    a dialect reports tokens alone, they are weighed with what was learned; where nothing is reported, it is the time that the place was held.
 *    It is never more than that, so no upstream can make somebody pay for what nobody had.
 *  - The cost of one that waits is expected from its size and its own bound on tokens.
 */
import type { Usage } from "../model/usage.ts";

/** Of a model that has not answered yet. Whatever it is, it is the same for everyone and is corrected at the end. */
const UNKNOWN_MS = 1_000;
/** No expectation is longer: a request of megabytes is not worth an hour before it has been seen. */
const LONGEST_MS = 600_000;
/** How much the newest request counts. */
const NEWEST = 0.2;

export class ModelPace {
	#meanMs: number | null = null;
	#outputTokens = 0;
	#msPerOutputToken: number | null = null;
	#msPerPromptToken = 0;
	#msPerByte = 0;

	/** Whether anybody was answered yet. */
	get known(): boolean {
		return this.#meanMs !== null;
	}

	/** In ms. `bytes`: of the body. `bound`: most tokens that the request lets the model make, null where it lets it run. */
	expect(bytes: number, bound: number | null): number {
		if (this.#msPerOutputToken === null) return this.#meanMs ?? UNKNOWN_MS;
		const tokens = bound === null ? this.#outputTokens : Math.min(bound, this.#outputTokens);
		return Math.min(LONGEST_MS, tokens * this.#msPerOutputToken + bytes * this.#msPerByte);
	}

	/** What a request cost in ms, which is learned from. `heldMs`: how long it had its place. */
	learn(usage: Usage | null, bytes: number, heldMs: number): number {
		const cost = Math.min(heldMs, this.#costOf(usage) ?? heldMs);
		if (usage === null || usage.estimated) return cost;
		if (usage.evalNs !== null && usage.promptNs !== null) {
			const first = this.#msPerOutputToken === null;
			if (usage.outputTokens > 0) this.#msPerOutputToken = mean(this.#msPerOutputToken, usage.evalNs / 1e6 / usage.outputTokens);
			if (usage.promptTokens > 0)
				this.#msPerPromptToken = mean(first ? null : this.#msPerPromptToken, usage.promptNs / 1e6 / usage.promptTokens);
			if (bytes > 0) this.#msPerByte = mean(first ? null : this.#msPerByte, usage.promptNs / 1e6 / bytes);
		}
		this.#outputTokens = mean(this.known ? this.#outputTokens : null, usage.outputTokens);
		this.#meanMs = mean(this.#meanMs, cost);
		return cost;
	}

	#costOf(usage: Usage | null): number | null {
		if (usage === null) return null;
		if (usage.evalNs !== null && usage.promptNs !== null) return (usage.evalNs + usage.promptNs) / 1e6;
		if (this.#msPerOutputToken === null) return null;
		return usage.outputTokens * this.#msPerOutputToken + usage.promptTokens * this.#msPerPromptToken;
	}
}

function mean(before: number | null, newest: number): number {
	return before === null ? newest : before + NEWEST * (newest - before);
}
