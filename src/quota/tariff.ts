/** What a model's tokens and GPU time cost, in billionths of the operator's currency. */
import type { Price } from "../model/budget-spec.ts";

export class Tariff {
	readonly #price: Price;

	constructor(price: Price) {
		this.#price = price;
	}

	/** Rounded up. */
	nanosOf(inputTokens: number, outputTokens: number, gpuUs: number): number {
		const { input, output, gpuSecond } = this.#price;
		return Math.ceil(inputTokens * input + outputTokens * output + (gpuUs * gpuSecond) / 1_000_000);
	}
}

export const FREE = new Tariff({ input: 0, output: 0, gpuSecond: 0 });
