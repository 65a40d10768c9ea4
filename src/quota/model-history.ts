/**
 * What requests to each model used lately, to estimate the next one.
 *
 *  - A peak that fades, not a mean: an estimate that is too low lets several requests in where there is room for one.
 *  - Bounded: models beyond the bound share one history.
 */
import type { Charge } from "../model/charge.ts";

const MODELS_MAX = 1_024;
/** Of a peak, what is left after each request that stayed below it. */
const FADING = 0.98;

interface History {
	outputTokens: number;
	gpuUs: number;
	/** Tokens that the server counted, for each that was guessed from the prompt's length. */
	inputRatio: number;
}

/** Of a model that was not asked yet. */
const UNKNOWN: Readonly<History> = { outputTokens: 512, gpuUs: 2_000_000, inputRatio: 1.25 };
/** What a chat template adds around a prompt, seen up to some dozens. */
const TEMPLATE_TOKENS = 32;
/** A bound on what one odd answer can teach: nothing has ten tokens a character. */
const RATIO_MAX = 40;

export class ModelHistory {
	readonly #models = new Map<string, History>();

	/** Tokens of the prompt, from a guess by its length. */
	inputTokens(model: string, guessed: number): number {
		return Math.ceil(guessed * this.#of(model).inputRatio) + TEMPLATE_TOKENS;
	}

	outputTokens(model: string): number {
		return Math.ceil(this.#of(model).outputTokens);
	}

	gpuUs(model: string): number {
		return Math.ceil(this.#of(model).gpuUs);
	}

	/** `guessed`: of the prompt, before it was known. */
	learn(model: string, guessed: number, { inputTokens, outputTokens, gpuUs }: Charge): void {
		const known = this.#models.get(model);
		const ratio = guessed < 64 ? null : Math.min(RATIO_MAX, (inputTokens - TEMPLATE_TOKENS) / guessed);
		if (known === undefined) {
			if (this.#models.size >= MODELS_MAX) return;
			this.#models.set(model, {
				outputTokens: Math.max(outputTokens, UNKNOWN.outputTokens * FADING),
				gpuUs: Math.max(gpuUs, UNKNOWN.gpuUs * FADING),
				inputRatio: Math.max(ratio ?? 0, UNKNOWN.inputRatio),
			});
			return;
		}
		known.outputTokens = Math.max(outputTokens, known.outputTokens * FADING);
		known.gpuUs = Math.max(gpuUs, known.gpuUs * FADING);
		if (ratio !== null) known.inputRatio = Math.max(ratio, known.inputRatio * FADING, 0.25);
	}

	#of(model: string): Readonly<History> {
		return this.#models.get(model) ?? UNKNOWN;
	}
}
