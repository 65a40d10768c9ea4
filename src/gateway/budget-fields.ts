/**
 * What is left of the budgets, on the answer: as draft-ietf-httpapi-ratelimit-headers says it, and as the SDKs of OpenAI and Anthropic read it.
 *
 *  - Of several budgets of a unit the tightest is told: the one of which the smallest part is left. A caller with ten budgets gets no page of fields.
 *  - OpenAI's and Anthropic's fields know requests and tokens alone; what they cannot say stands in the first two.
 */
import type { BudgetSpec, BudgetUnit } from "../model/budget-spec.ts";
import type { Dialect } from "../model/operation-class.ts";
import type { Counter } from "../quota/counter.ts";
import type { Reservation } from "../quota/reservation.ts";
import { inUnits } from "./budget-text.ts";

type Field = readonly [string, string];

const ANTHROPIC_NAMES = {
	requests: "requests",
	tokens: "tokens",
	input_tokens: "input-tokens",
	output_tokens: "output-tokens",
} as const satisfies Partial<Record<BudgetUnit, string>>;

/** Of a request that holds something, or of one that was refused because it may not. */
export function budgetFields(hold: Pick<Reservation, "counters" | "now">, dialect: Dialect): readonly Field[] {
	const { now } = hold;
	const fields: Field[] = [];
	let policies = "";
	let standings = "";
	for (const counter of tightest(hold.counters, now)) {
		const { spec, periodMs } = counter.budget;
		const left = inUnits(spec.unit, Math.max(0, counter.room(now)));
		const renewsAt = counter.renews(spec.limit, now);
		const comma = policies === "" ? "" : ", ";
		policies += comma + policyOf(spec, periodMs);
		standings += `${comma}"${spec.name}";r=${Math.floor(left)};t=${Math.max(0, Math.ceil((renewsAt - now) / 1000))}`;
		if (dialect === "openai" && (spec.unit === "requests" || spec.unit === "tokens")) {
			fields.push(
				[`x-ratelimit-limit-${spec.unit}`, String(spec.limit)],
				[`x-ratelimit-remaining-${spec.unit}`, String(left)],
				[`x-ratelimit-reset-${spec.unit}`, durationText(renewsAt - now)],
			);
		} else if (dialect === "anthropic" && isNamed(spec.unit)) {
			const name = ANTHROPIC_NAMES[spec.unit];
			fields.push(
				[`anthropic-ratelimit-${name}-limit`, String(spec.limit)],
				[`anthropic-ratelimit-${name}-remaining`, String(left)],
				[`anthropic-ratelimit-${name}-reset`, new Date(renewsAt).toISOString()],
			);
		}
	}
	fields.push(["ratelimit-policy", policies], ["ratelimit", standings]);
	return fields;
}

function isNamed(unit: BudgetUnit): unit is keyof typeof ANTHROPIC_NAMES {
	return Object.hasOwn(ANTHROPIC_NAMES, unit);
}

/** One of each unit, in the order of the budgets. */
function tightest(counters: readonly Counter[], now: number): readonly Counter[] {
	const chosen: Counter[] = [];
	for (const counter of counters) {
		let at = 0;
		while (at < chosen.length && chosen[at]?.budget.spec.unit !== counter.budget.spec.unit) at += 1;
		const rival = chosen[at];
		if (rival === undefined) chosen.push(counter);
		else if (counter.room(now) * rival.budget.limit < rival.room(now) * counter.budget.limit) chosen[at] = counter;
	}
	return chosen;
}

const policyTexts = new WeakMap<BudgetSpec, string>();

function policyOf(spec: BudgetSpec, periodMs: number): string {
	let policy = policyTexts.get(spec);
	if (policy === undefined) {
		const window = periodMs === 0 ? "" : `;w=${periodMs / 1000}`;
		policy = `"${spec.name}";q=${Math.floor(inUnits(spec.unit, spec.limit))}${window};qu="${quotaUnit(spec.unit)}"`;
		policyTexts.set(spec, policy);
	}
	return policy;
}

/** Of the draft's registry where it has one. */
function quotaUnit(unit: BudgetUnit): string {
	return unit === "concurrent" ? "concurrent-requests" : unit.replace("_", "-");
}

/** As OpenAI writes it: `6m0s`, `1.5s`, `20ms`. */
export function durationText(ms: number): string {
	const left = Math.max(0, Math.ceil(ms));
	if (left < 1_000) return `${left}ms`;
	const hours = Math.floor(left / 3_600_000);
	const minutes = Math.floor((left % 3_600_000) / 60_000);
	const seconds = `${Number(((left % 60_000) / 1_000).toFixed(3))}s`;
	if (hours > 0) return `${hours}h${minutes}m${seconds}`;
	return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
