/**
 * What is left of the budgets, on the answer: as draft-ietf-httpapi-ratelimit-headers says it, and as the SDKs of OpenAI and Anthropic read it.
 *
 *  - Of several budgets of a unit the tightest is told: the one of which the smallest part is left. A caller with ten budgets gets no page of fields.
 *  - The fields of OpenAI's and Anthropic's SDKs have one place for requests: there the role's rate is told, or a budget that leaves fewer.
 */
import type { BudgetUnit } from "../model/budget-spec.ts";
import type { Dialect } from "../model/operation-class.ts";
import type { CountedBudget } from "../quota/counted-budget.ts";
import { type Plan, type PlanKind, whoOf } from "../quota/plan.ts";
import type { Reservation } from "../quota/reservation.ts";
import type { Field } from "../wire/write.ts";
import { inUnits } from "./budget-text.ts";
import { addLimitFields, type Left } from "./limit-fields.ts";
import type { RateFields } from "./rate-limit-fields.ts";

/** What does not change from one answer to the next, for all callers whom the same budgets concern. */
interface Told {
	/** Of each unit the budgets that count it, by their numbers, in the order of the budgets. */
	readonly units: readonly { readonly unit: BudgetUnit; readonly places: number[] }[];
	/** Of each budget. */
	readonly policies: readonly string[];
	readonly beginnings: readonly string[];
	/** What is said of how budgets are defined, by which of them are told: of units that have several now one and now another is. Beside one `rate`. */
	readonly fields: Map<number, Field>;
	rate: string;
}

/** Of a request that holds something, or of one that was refused because it may not. `rate`: the two fields of its rate, which are told in the same; `left`: what it leaves. */
export function budgetFields(
	{ plan, now }: Pick<Reservation, "plan" | "now">,
	dialect: Dialect,
	rate: RateFields | null = null,
	left: Left | null = null,
): readonly Field[] {
	const told = toldOf(plan.kind);
	let requests = left;
	const fields: Field[] = [];
	const chosen: number[] = [];
	let selection = 0;
	let standings = rate === null ? "" : rate[1][1];
	for (const { unit, places } of told.units) {
		const place = places.length === 1 ? (places[0] ?? 0) : tightest(plan, places, now);
		const budget = plan.kind.budgets[place];
		if (budget === undefined) continue;
		const { limit } = budget;
		const who = whoOf(plan, place);
		const remaining = inUnits(unit, Math.max(0, who.room(budget, now)));
		const renewsAt = who.renews(budget, limit, now);
		const comma = standings === "" ? "" : ", ";
		standings += `${comma}${told.beginnings[place] ?? ""}${Math.floor(remaining)};t=${Math.max(0, Math.ceil((renewsAt - now) / 1000))}`;
		chosen.push(place);
		selection = selection * plan.kind.budgets.length + place;
		if (dialect === "ollama") continue;
		const standing = { limit: inUnits(unit, limit), remaining, resetMs: renewsAt - now, now };
		if (unit !== "requests") addLimitFields(fields, dialect, unit, standing);
		else if (requests === null || remaining <= requests.remaining) requests = standing;
	}
	if (requests !== null) addLimitFields(fields, dialect, "requests", requests);
	fields.push(policyField(told, chosen, selection, rate === null ? "" : rate[0][1]), ["ratelimit", standings]);
	return fields;
}

/** A text that was made before is not made again. `selection`: stands for `chosen`. */
function policyField(told: Told, chosen: readonly number[], selection: number, rate: string): Field {
	if (told.rate !== rate) {
		told.rate = rate;
		told.fields.clear();
	}
	const known = told.fields.get(selection);
	if (known !== undefined) return known;
	const policies = chosen.map((place) => told.policies[place] ?? "");
	const field = ["ratelimit-policy", (rate === "" ? policies : [rate, ...policies]).join(", ")] as const;
	// Beyond that two selections could be one number.
	if (selection <= Number.MAX_SAFE_INTEGER && told.fields.size < FIELDS_MOST) told.fields.set(selection, field);
	return field;
}

/** The number of the budget of which the smallest part is left. */
function tightest(plan: Plan, places: readonly number[], now: number): number {
	let chosen = places[0] ?? 0;
	for (let at = 1; at < places.length; at++) {
		const place = places[at] ?? 0;
		const [budget, rival] = [plan.kind.budgets[place], plan.kind.budgets[chosen]];
		if (budget === undefined || rival === undefined) continue;
		if (whoOf(plan, place).room(budget, now) * rival.limit < whoOf(plan, chosen).room(rival, now) * budget.limit) chosen = place;
	}
	return chosen;
}

const FIELDS_MOST = 64;
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
		fields: new Map(),
		rate: "",
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
