/** What a caller is told of a budget: amounts in whole units, and moments that a program can read. */
import type { BudgetSpec, BudgetUnit } from "../model/budget-spec.ts";

const UNIT_TEXT: Readonly<Record<BudgetUnit, string>> = {
	requests: "requests",
	concurrent: "requests at the same time",
	input_tokens: "input tokens",
	output_tokens: "output tokens",
	tokens: "tokens",
	gpu_seconds: "GPU seconds",
	money: "units of money",
};

/**
 * `needed`: 0 where an answer was ended. `used`: by what has ended; what is left then may be too little for the request, or needed by others that run. Both in
 * the unit's smallest thing.
 */
export function budgetExceededText({ name, unit, limit, per }: BudgetSpec, needed: number, renewsAt: number, used: number): string {
	const allowed = `${inUnits(unit, limit)} ${UNIT_TEXT[unit]}${per === null ? "" : per === "hour" ? " an hour" : ` a ${per}`}`;
	if (needed > limit)
		return `this request needs about ${inUnits(unit, needed)} ${UNIT_TEXT[unit]}, and the budget '${name}' is ${allowed}: it never fits; ask for a shorter answer`;
	if (per === null) return `the budget '${name}' is used up: ${allowed}; wait for one to end`;
	if (needed > 0 && used + needed <= limit)
		return `the budget '${name}' has no room beside what runs now: ${allowed}; try again when that has ended`;
	const left = inUnits(unit, Math.max(0, limit - used));
	const again = `there is room again at ${new Date(renewsAt).toISOString()}`;
	if (needed > 0 && left > 0)
		return `this request needs about ${inUnits(unit, needed)} ${UNIT_TEXT[unit]}, and ${left} are left of the budget '${name}', ${allowed}: ${again}`;
	return `the budget '${name}' is used up: ${allowed}; ${again}`;
}

/** Microseconds become seconds, billionths become units of money; three and six digits are kept. */
export function inUnits(unit: BudgetUnit, amount: number): number {
	if (unit === "gpu_seconds") return Math.round(amount / 1e3) / 1e3;
	if (unit === "money") return Math.round(amount / 1e3) / 1e6;
	return Math.max(0, Math.floor(amount));
}
