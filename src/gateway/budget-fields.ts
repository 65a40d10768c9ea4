/**
 * What is left of the budgets, on the answer: as draft-ietf-httpapi-ratelimit-headers says it, and as the SDKs of OpenAI and Anthropic read it.
 *
 *  - Of several budgets of a unit the tightest is told: the one of which the smallest part is left; and of more than three units the three tightest. So a
 *    caller with ten budgets gets no page of fields with each answer, and knows in time what comes to its end.
 *  - The fields of OpenAI's and Anthropic's SDKs have one place for requests: there the role's rate is told, or a budget that leaves fewer.
 */
import type { BudgetUnit } from "../model/budget-spec.ts";
import type { Dialect } from "../model/operation-class.ts";
import type { CountedBudget } from "../quota/counted-budget.ts";
import { type Plan, type PlanKind, whoOf } from "../quota/plan.ts";
import { invariant } from "../std/invariant.ts";
import type { Field } from "../wire/write.ts";
import { inUnits } from "./budget-text.ts";
import { addLimitFields, type Left } from "./limit-fields.ts";
import type { RateFields } from "./rate-limit-fields.ts";

/** What does not change from one answer to the next, for all callers whom the same budgets concern. */
interface Told {
	/** Of each unit the budgets that count it, by their numbers, in the order of the budgets. */
	readonly units: readonly (readonly number[])[];
	/** Of each budget. */
	readonly policies: readonly string[];
	readonly beginnings: readonly string[];
	/** What is said of how budgets are defined, by which of them are told: of units that have several now one and now another is. Beside one `rate`. */
	readonly fields: Map<number, Field>;
	rate: string;
}

/**
 * Of a request that holds something, or of one that was refused because it may not; at `now` of the ledger's time. `rate`: the two fields of its rate, which
 * are told in the same; `left`: what it leaves.
 */
export function budgetFields(
	plan: Plan,
	now: number,
	dialect: Dialect,
	rate: RateFields | null = null,
	left: Left | null = null,
): readonly Field[] {
	const told = toldOf(plan.kind);
	const parts = partsLeft(plan, now);
	const ofUnits = tightestOf(told.units, parts);
	const chosen = theTightest(ofUnits, parts);
	const fields = dialect === "ollama" ? [] : fieldsOfSdks(plan, ofUnits, now, dialect, left);
	let selection = 0;
	let standings = rate === null ? "" : rate[1][1];
	for (const place of chosen) {
		const beginning = standings === "" ? told.beginnings[place] : `, ${told.beginnings[place]}`;
		standings += `${beginning}${standingText(plan, place, now)}`;
		selection = selection * plan.kind.budgets.length + place;
	}
	fields.push(policyField(told, chosen, selection, rate === null ? "" : rate[0][1]), ["ratelimit", standings]);
	return fields;
}

/** What is left, in whole units, and in how many seconds all of it is there again. */
function standingText(plan: Plan, place: number, now: number): string {
	const budget = budgetAt(plan, place);
	const who = whoOf(plan, place);
	const remaining = inUnits(budget.unit, Math.max(0, who.room(budget, now)));
	const resetMs = who.renews(budget, budget.limit, now) - now;
	return `${Math.floor(remaining)};t=${Math.max(0, Math.ceil(resetMs / 1000))}`;
}

function fieldsOfSdks(plan: Plan, places: readonly number[], now: number, dialect: Dialect, rate: Left | null): Field[] {
	const fields: Field[] = [];
	let requests = rate;
	for (const place of places) {
		const { unit } = budgetAt(plan, place);
		const left = leftOf(plan, place, now);
		if (unit !== "requests") addLimitFields(fields, dialect, unit, left);
		else if (requests === null || left.remaining <= requests.remaining) requests = left;
	}
	if (requests !== null) addLimitFields(fields, dialect, "requests", requests);
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

/** Of each budget; good until this is called again, like what follows: nothing waits in between, and no answer makes lists of its own. */
function partsLeft(plan: Plan, now: number): readonly number[] {
	const { budgets } = plan.kind;
	for (let place = 0; place < budgets.length; place++) {
		const budget = budgetAt(plan, place);
		PARTS[place] = whoOf(plan, place).room(budget, now) / budget.limit;
	}
	return PARTS;
}

/** Of each unit the budget of which the smallest part is left; of several the first. */
function tightestOf(units: Told["units"], parts: readonly number[]): readonly number[] {
	OF_UNITS.length = units.length;
	for (let unit = 0; unit < units.length; unit++) {
		const places = units[unit] ?? [];
		let chosen = places[0] ?? 0;
		for (const place of places) if ((parts[place] ?? 0) < (parts[chosen] ?? 0)) chosen = place;
		OF_UNITS[unit] = chosen;
	}
	return OF_UNITS;
}

/** So many as are told at once, in the order in which they are given. */
function theTightest(places: readonly number[], parts: readonly number[]): readonly number[] {
	if (places.length <= UNITS_MOST) return places;
	let count = 0;
	for (const place of places) {
		const part = parts[place] ?? 0;
		let tighter = 0;
		for (const other of places) {
			const rival = parts[other] ?? 0;
			if (rival < part || (rival === part && other < place)) tighter += 1;
		}
		if (tighter < UNITS_MOST) CHOSEN[count++] = place;
	}
	return CHOSEN;
}

function leftOf(plan: Plan, place: number, now: number): Left {
	const budget = budgetAt(plan, place);
	const who = whoOf(plan, place);
	const { limit, unit } = budget;
	const remaining = inUnits(unit, Math.max(0, who.room(budget, now)));
	return { limit: inUnits(unit, limit), remaining, resetMs: who.renews(budget, limit, now) - now, now };
}

function budgetAt({ kind }: Plan, place: number): CountedBudget {
	const budget = kind.budgets[place];
	invariant(budget !== undefined, "what is told is a budget of the plan");
	return budget;
}

/** More units than these are not told at once. */
const UNITS_MOST = 3;
const FIELDS_MOST = 64;
const PARTS: number[] = [];
const OF_UNITS: number[] = [];
/** Places are all different, so there are always so many tightest ones. */
const CHOSEN: number[] = Array.from({ length: UNITS_MOST }, () => 0);
const toldByKind = new WeakMap<PlanKind, Told>();

function toldOf(kind: PlanKind): Told {
	const known = toldByKind.get(kind);
	if (known !== undefined) return known;
	const units = new Map<BudgetUnit, number[]>();
	for (const [place, { spec }] of kind.budgets.entries()) units.set(spec.unit, [...(units.get(spec.unit) ?? []), place]);
	const policies = kind.budgets.map(policyOf);
	const told: Told = {
		units: [...units.values()],
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
