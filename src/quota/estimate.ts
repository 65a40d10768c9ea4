import type { Charge } from "../model/charge.ts";
import type { Tariff } from "./tariff.ts";

/** What a request is expected to use, and the most that it can. */
export interface Estimate {
	readonly charge: Charge;
	/** The same with an answer as long as others were, where more is taken if there is more. */
	readonly usual: Charge;
	/** The same with the prompt as dense as it can be. */
	readonly most: Charge;
	/** Of the prompt, by its length alone, and its bound by its bytes: what history learns from. */
	readonly guessedInput: number;
	readonly mostInput: number;
	/** Whether all that the answer may become is held from the beginning. */
	readonly whole: boolean;
	readonly tariff: Tariff;
}
