/** What a request needs of one budget at least, what it may use beyond its estimate, and how long an answer what was taken is enough for. */
import type { BudgetUnit } from "../model/budget-spec.ts";
import { amountOf } from "./amount.ts";
import type { CountedBudget } from "./counted-budget.ts";
import type { Estimate } from "./estimate.ts";
import { AHEAD_US } from "./gpu-look.ts";
import type { Tariff } from "./tariff.ts";

/** Time passes without tokens, so it is looked at again after a few of them. */
const GPU_LOOK_TOKENS = 16;

/** What there has to be room for, so that a request is let in. An estimate beyond the whole budget takes the whole budget: it is an estimate. */
export function leastOf({ unit, onExhausted, limit }: CountedBudget, wanted: number, estimate: Estimate): number {
	if (wanted === 0 || unit === "requests" || unit === "concurrent") return wanted;
	if (onExhausted === "finish") return 1;
	const started = leastToStart(unit, wanted, estimate);
	if (onExhausted === "cut") return started;
	const usual = amountOf(unit, estimate.usual);
	return usual <= limit ? usual : Math.max(started, limit);
}

function leastToStart(unit: BudgetUnit, wanted: number, { charge, tariff }: Estimate): number {
	// What is cut has read its prompt already, an answer without one token is none, and with less time it would be ended when it is first looked at.
	const firstToken = charge.outputTokens === 0 ? 0 : 1;
	switch (unit) {
		case "input_tokens":
			return wanted;
		case "tokens":
			return charge.inputTokens + firstToken;
		case "money":
			return Math.max(1, tariff.nanosOf(charge.inputTokens, firstToken, Math.min(charge.gpuUs, AHEAD_US)));
		case "output_tokens":
		case "requests":
		case "concurrent":
			return 1;
		case "gpu_seconds":
			return Math.min(wanted, AHEAD_US);
	}
}

/** What the prompt may take beyond its estimate: held too, so that others leave room for it. */
export function slackOf(unit: BudgetUnit, { charge, most }: Estimate): number {
	switch (unit) {
		case "input_tokens":
		case "tokens":
			return most.inputTokens - charge.inputTokens;
		case "money":
			return most.nanos - charge.nanos;
		case "requests":
		case "concurrent":
		case "output_tokens":
		case "gpu_seconds":
			return 0;
	}
}

/** Tokens of an answer for which all these budgets have room; 0 where none of them says. `rooms`: of each budget. */
export function freeTokens(budgets: readonly CountedBudget[], rooms: readonly number[], inputTokens: number, tariff: Tariff): number {
	let free = Number.POSITIVE_INFINITY;
	for (let at = 0; at < budgets.length; at++) {
		const budget = budgets[at];
		if (budget === undefined || !boundsAnswer(budget)) continue;
		const room = rooms[at] ?? 0;
		if (budget.unit === "output_tokens") free = Math.min(free, room);
		else if (budget.unit === "tokens") free = Math.min(free, room - inputTokens);
		else if (budget.unit === "money")
			free = Math.min(free, (room - tariff.nanosOf(inputTokens, 0, 0)) / (tariff.nanosOf(0, 1_000, 0) / 1_000));
	}
	return Number.isFinite(free) ? Math.max(0, free) : 0;
}

/** Whether it tells beforehand how long an answer in one piece may become. */
export function boundsAnswer({ onExhausted, unit }: CountedBudget): boolean {
	return onExhausted !== "finish" && unit !== "gpu_seconds";
}

/** How many tokens of an answer are held by what was taken of one budget. */
export function coveredBy(unit: BudgetUnit, taken: number, { charge, tariff }: Estimate): number {
	switch (unit) {
		case "output_tokens":
			return taken;
		case "tokens":
			return taken - charge.inputTokens;
		case "money": {
			const each = tariff.nanosOf(0, 1_000, 0) / 1_000;
			return each === 0 ? Number.POSITIVE_INFINITY : Math.floor((taken - tariff.nanosOf(charge.inputTokens, 0, charge.gpuUs)) / each);
		}
		case "gpu_seconds":
			return GPU_LOOK_TOKENS;
		case "requests":
		case "concurrent":
		case "input_tokens":
			return Number.POSITIVE_INFINITY;
	}
}
