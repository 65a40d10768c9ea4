import type { BudgetUnit } from "../model/budget-spec.ts";
import type { Charge } from "../model/charge.ts";

/** How much of a budget a charge takes, in the unit's smallest thing. Requests, running or not, are one each and not in the charge. */
export function amountOf(unit: BudgetUnit, charge: Charge): number {
	switch (unit) {
		case "requests":
		case "concurrent":
			return 1;
		case "input_tokens":
			return charge.inputTokens;
		case "output_tokens":
			return charge.outputTokens;
		case "tokens":
			return charge.inputTokens + charge.outputTokens;
		case "gpu_seconds":
			return charge.gpuUs;
		case "money":
			return charge.nanos;
	}
}

export const NOTHING: Charge = Object.freeze({ inputTokens: 0, outputTokens: 0, gpuUs: 0, nanos: 0 });
