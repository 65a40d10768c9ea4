/** What a request is expected to use, and the most that it can: by what it says of itself, and by what its model's answers were like lately. */
import type { BudgetsSpec } from "../model/budget-spec.ts";
import type { Charge } from "../model/charge.ts";
import { NOTHING } from "./amount.ts";
import type { CountedBudget } from "./counted-budget.ts";
import type { Estimate } from "./estimate.ts";
import { freeTokens } from "./fitting.ts";
import { AHEAD_US } from "./gpu-look.ts";
import { ModelHistory } from "./model-history.ts";
import { FREE, Tariff } from "./tariff.ts";

/** What decides about the size of a request. */
export interface Weight {
	/** Tokens of the prompt, guessed by its length. */
	readonly guessedInput: number;
	/** Tokens that what is written cannot pass, whatever the tokenizer; what the model's own template adds comes on top. */
	readonly mostInput: number;
	/** Most tokens that the caller lets the model make; null where it names no bound. */
	readonly outputBound: number | null;
	/** Whether the model answers with tokens at all. */
	readonly answers: boolean;
	/** Whether the answer cannot be ended in the middle, or not where its tokens say: all that it may become is held from the beginning. */
	readonly whole: boolean;
	/** Whether the GPU of an upstream works for it. */
	readonly onGpu: boolean;
}

/** Whole answers hold so many times what answers were lately, or so much of what is free, but not less than this, and are bounded by it. */
const WHOLE_FACTOR = 4;
const WHOLE_PART = 1 / 16;
const WHOLE_LEAST_TOKENS = 2_048;
const TARIFFS_MAX = 256;
const WEIGHTLESS: Estimate = Object.freeze({
	charge: NOTHING,
	usual: NOTHING,
	most: NOTHING,
	guessedInput: 0,
	mostInput: 0,
	whole: false,
	tariff: FREE,
});

export class Estimator {
	readonly #matcherOf: (patterns: readonly string[]) => (model: string) => boolean;
	readonly #history = new ModelHistory();
	#prices: readonly { readonly matches: (model: string) => boolean; readonly tariff: Tariff }[] = [];
	readonly #tariffs = new Map<string, Tariff>();

	constructor(matcherOf: (patterns: readonly string[]) => (model: string) => boolean) {
		this.#matcherOf = matcherOf;
	}

	/** What was learned stays. */
	adjust(prices: BudgetsSpec["prices"]): void {
		this.#prices = prices.map(([models, price]) => ({ matches: this.#matcherOf([models]), tariff: new Tariff(price) }));
		this.#tariffs.clear();
	}

	/** `weight`: null where it does not matter. `budgets`: those that concern it, and how much room each has. */
	estimate(model: string, weight: Weight | null, budgets: readonly CountedBudget[], rooms: readonly number[]): Estimate {
		if (weight === null) return WEIGHTLESS;
		const { guessedInput, mostInput, whole } = weight;
		const tariff = this.#tariffOf(model);
		const mostTokens = this.#history.mostInputTokens(model, mostInput);
		const inputTokens = Math.min(mostTokens, this.#history.inputTokens(model, guessedInput));
		const free = whole ? freeTokens(budgets, rooms, inputTokens, tariff) : 0;
		const outputTokens = weight.answers ? this.#outputTokens(model, weight, free) : 0;
		const gpuUs = weight.onGpu ? Math.max(AHEAD_US, this.#history.gpuUs(model)) : 0;
		const charge = { inputTokens, outputTokens, gpuUs, nanos: tariff.nanosOf(inputTokens, outputTokens, gpuUs) };
		const most = { inputTokens: mostTokens, outputTokens, gpuUs, nanos: tariff.nanosOf(mostTokens, outputTokens, gpuUs) };
		const usualTokens = whole && weight.outputBound === null ? Math.min(outputTokens, this.#history.outputTokens(model)) : outputTokens;
		const usual =
			usualTokens === outputTokens
				? charge
				: { inputTokens, outputTokens: usualTokens, gpuUs, nanos: tariff.nanosOf(inputTokens, usualTokens, gpuUs) };
		return { charge, usual, most, guessedInput, mostInput, whole, tariff };
	}

	/** `guessed` and `written`: as of its `Weight`, before the truth was known. */
	learn(model: string, guessed: number, written: number, charge: Charge): void {
		this.#history.learn(model, guessed, written, charge);
	}

	#tariffOf(model: string): Tariff {
		const known = this.#tariffs.get(model);
		if (known !== undefined) return known;
		const tariff = this.#prices.find(({ matches }) => matches(model))?.tariff ?? FREE;
		if (this.#tariffs.size < TARIFFS_MAX) this.#tariffs.set(model, tariff);
		return tariff;
	}

	#outputTokens(model: string, { outputBound, whole }: Weight, free: number): number {
		const lately = this.#history.outputTokens(model);
		const estimated = whole ? Math.max(WHOLE_LEAST_TOKENS, lately * WHOLE_FACTOR, Math.floor(free * WHOLE_PART)) : lately;
		return outputBound === null ? estimated : Math.min(outputBound, estimated);
	}
}
