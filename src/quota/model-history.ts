/**
 * What requests to each model used lately, to estimate the next one.
 *
 *  - A peak that fades, not a mean: an estimate that is too low lets several requests in where there is room for one.
 *  - Beside the estimate of a prompt stands its bound, which no answer may show to be too low: what is written, and the most that the model's own template
 *    and SYSTEM were ever seen to add.
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
	/** Tokens that the model's template and SYSTEM add to a prompt, as short prompts show. */
	own: number;
	/** The most that was counted beyond what a prompt's bytes allow; does not fade. */
	beyond: number;
}

/** What a chat template adds around a prompt, seen up to some dozens. */
const TEMPLATE_TOKENS = 32;
/** Of a model that was not asked yet. Templates with a preamble of their own write some hundred; a SYSTEM may be longer, and is learned. */
const TEMPLATE_MOST = 512;
const UNKNOWN: Readonly<History> = { outputTokens: 512, gpuUs: 2_000_000, inputRatio: 1.25, own: TEMPLATE_TOKENS, beyond: TEMPLATE_MOST };
/** Prompts shorter than this teach what is around them, longer ones how dense they are. */
const SHORT = 64;
/** Bounds on what one odd answer can teach: nothing has ten tokens a character, and no model reads more than so many. */
const RATIO_MAX = 40;
const BEYOND_MAX = 2 ** 17;
const RATIO_LEAST = 0.25;

export class ModelHistory {
	readonly #models = new Map<string, History>();

	/** Tokens of the prompt, from a guess by its length; never above `mostInputTokens` of the same. */
	inputTokens(model: string, guessed: number): number {
		const { inputRatio, own } = this.#of(model);
		return Math.ceil(guessed * inputRatio + own);
	}

	/** From a bound by its bytes. */
	mostInputTokens(model: string, written: number): number {
		return written + this.#of(model).beyond;
	}

	outputTokens(model: string): number {
		return Math.ceil(this.#of(model).outputTokens);
	}

	gpuUs(model: string): number {
		return Math.ceil(this.#of(model).gpuUs);
	}

	/** `guessed`: of the prompt, before it was known; `written`: its bound by bytes. */
	learn(model: string, guessed: number, written: number, { inputTokens, outputTokens, gpuUs }: Charge): void {
		let known = this.#models.get(model);
		if (known === undefined) {
			if (this.#models.size >= MODELS_MAX) return;
			known = { ...UNKNOWN };
			this.#models.set(model, known);
		}
		known.outputTokens = Math.max(outputTokens, known.outputTokens * FADING);
		known.gpuUs = Math.max(gpuUs, known.gpuUs * FADING);
		if (inputTokens === 0) return;
		known.beyond = Math.max(known.beyond, Math.min(BEYOND_MAX, inputTokens - written));
		if (guessed < SHORT) known.own = Math.max(Math.min(BEYOND_MAX, inputTokens - guessed), known.own * FADING, TEMPLATE_TOKENS);
		else {
			const ratio = Math.min(RATIO_MAX, (inputTokens - known.own) / guessed);
			known.inputRatio = Math.max(ratio, known.inputRatio * FADING, RATIO_LEAST);
		}
	}

	#of(model: string): Readonly<History> {
		return this.#models.get(model) ?? UNKNOWN;
	}
}
