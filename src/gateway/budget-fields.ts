/**
 * What is left of the budgets, on the answer: as draft-ietf-httpapi-ratelimit-headers says it, and as the SDKs of OpenAI and Anthropic read it.
 *
 *  - Of several budgets of a unit the tightest is told: the one of which the smallest part is left. A caller with ten budgets gets no page of fields.
 *  - OpenAI's and Anthropic's fields know requests and tokens alone; what they cannot say stands in the first two.
 */
import type { BudgetUnit } from "../model/budget-spec.ts";
import type { Dialect } from "../model/operation-class.ts";
import type { CountedBudget } from "../quota/counted-budget.ts";
import type { Counter } from "../quota/counter.ts";
import type { PlanKind } from "../quota/plan.ts";
import type { Reservation } from "../quota/reservation.ts";
import { inUnits } from "./budget-text.ts";
import type { RateFields } from "./rate-limit-fields.ts";

type Field = readonly [string, string];

const ANTHROPIC_NAMES = {
	requests: "requests",
	tokens: "tokens",
	input_tokens: "input-tokens",
	output_tokens: "output-tokens",
} as const satisfies Partial<Record<BudgetUnit, string>>;

/** What does not change from one answer to the next, for all callers whom the same budgets concern. */
interface Told {
	/** Of each unit the budgets that count it, by their places among the counters, in the order of the budgets. */
	readonly units: readonly { readonly unit: BudgetUnit; readonly places: number[] }[];
	/** Of each budget. */
	readonly policies: readonly string[];
	readonly beginnings: readonly string[];
	/** What was said last of how budgets are defined: of units that have several now one and now another is told, but seldom. */
	last: { readonly rate: string; readonly chosen: readonly number[]; readonly field: Field } | null;
}

/** Of a request that holds something, or of one that was refused because it may not. `rate`: the two fields of its rate, which are told in the same. */
export function budgetFields(
	{ plan: { counters, kind }, now }: Pick<Reservation, "plan" | "now">,
	dialect: Dialect,
	rate: RateFields | null = null,
): readonly Field[] {
	const told = toldOf(kind);
	const fields: Field[] = [];
	const chosen: number[] = [];
	let standings = rate === null ? "" : rate[1][1];
	for (const { unit, places } of told.units) {
		const place = tightest(counters, places, now);
		const counter = counters[place];
		if (counter === undefined) continue;
		const { limit } = counter.budget;
		const left = inUnits(unit, Math.max(0, counter.room(now)));
		const renewsAt = counter.renews(limit, now);
		const comma = standings === "" ? "" : ", ";
		standings += `${comma}${told.beginnings[place] ?? ""}${Math.floor(left)};t=${Math.max(0, Math.ceil((renewsAt - now) / 1000))}`;
		chosen.push(place);
		if (dialect === "openai" && (unit === "requests" || unit === "tokens")) {
			fields.push(
				[`x-ratelimit-limit-${unit}`, String(limit)],
				[`x-ratelimit-remaining-${unit}`, String(left)],
				[`x-ratelimit-reset-${unit}`, durationText(renewsAt - now)],
			);
		} else if (dialect === "anthropic" && isNamed(unit)) {
			const name = ANTHROPIC_NAMES[unit];
			fields.push(
				[`anthropic-ratelimit-${name}-limit`, String(limit)],
				[`anthropic-ratelimit-${name}-remaining`, String(left)],
				[`anthropic-ratelimit-${name}-reset`, new Date(renewsAt).toISOString()],
			);
		}
	}
	fields.push(policyField(told, chosen, rate === null ? "" : rate[0][1]), ["ratelimit", standings]);
	return fields;
}

/** A text that is the same as on the answer before is not made again. */
function policyField(told: Told, chosen: readonly number[], rate: string): Field {
	const { last } = told;
	if (last !== null && last.rate === rate && chosen.every((place, at) => place === last.chosen[at])) return last.field;
	const policies = chosen.map((place) => told.policies[place] ?? "");
	const field = ["ratelimit-policy", (rate === "" ? policies : [rate, ...policies]).join(", ")] as const;
	told.last = { rate, chosen, field };
	return field;
}

function isNamed(unit: BudgetUnit): unit is keyof typeof ANTHROPIC_NAMES {
	return Object.hasOwn(ANTHROPIC_NAMES, unit);
}

/** The place of the counter of which the smallest part is left. */
function tightest(counters: readonly Counter[], places: readonly number[], now: number): number {
	let chosen = places[0] ?? 0;
	for (let at = 1; at < places.length; at++) {
		const place = places[at] ?? 0;
		const [counter, rival] = [counters[place], counters[chosen]];
		if (counter === undefined || rival === undefined) continue;
		if (counter.room(now) * rival.budget.limit < rival.room(now) * counter.budget.limit) chosen = place;
	}
	return chosen;
}

const toldByKind = new WeakMap<PlanKind, Told>();

function toldOf(kind: PlanKind): Told {
	const known = toldByKind.get(kind);
	if (known !== undefined) return known;
	const units: { unit: BudgetUnit; places: number[] }[] = [];
	for (const [place, { spec }] of kind.budgets.entries()) {
		const same = units.find(({ unit }) => unit === spec.unit);
		if (same === undefined) units.push({ unit: spec.unit, places: [place] });
		else same.places.push(place);
	}
	const policies = kind.budgets.map(policyOf);
	const told: Told = {
		units,
		policies,
		beginnings: kind.budgets.map(({ spec }) => `"${spec.name}";r=`),
		last: null,
	};
	toldByKind.set(kind, told);
	return told;
}

function policyOf({ spec, periodMs }: CountedBudget): string {
	const window = periodMs === 0 ? "" : `;w=${periodMs / 1000}`;
	return `"${spec.name}";q=${Math.floor(inUnits(spec.unit, spec.limit))}${window};qu="${quotaUnit(spec.unit)}"`;
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
