/** Finds the budgets that concern a request, and whose counters they take. */
import type { BudgetScope, BudgetSpec } from "../model/budget-spec.ts";
import type { ChargedFacts } from "../ports/budget-store.ts";
import type { Budget } from "./budget.ts";
import type { Counter } from "./counter.ts";
import type { Layout } from "./layout.ts";
import { countersIn, isWeighed, NO_PLAN, type Plan, type PlanKind } from "./plan.ts";
import { Selections } from "./selections.ts";
import type { SubjectCounters } from "./subject-counters.ts";
import type { Subjects } from "./subjects.ts";

export interface CompiledBudget {
	readonly budget: Budget;
	/** Null where any model, or none, will do. */
	readonly matchesModel: ((model: string) => boolean) | null;
}

/** Callers of as many selections of budgets share what is worked out of them. */
const KINDS_MAX = 4_096;

const ENDLESS: ReadonlySet<string> = new Set(["output_tokens", "tokens", "gpu_seconds", "money"] satisfies BudgetSpec["unit"][]);

/** Whose counters a budget takes, in the place of a subject's name. */
interface Source {
	readonly scope: BudgetScope;
	/** Of the scope `group` alone. */
	readonly group: string;
	readonly subjects: Subjects;
	readonly layout: Layout;
}

/** The budgets that concern some facts, before it is known which key, address or model these name. */
interface Selection {
	readonly kind: PlanKind;
	/** Of each subject of the plans. */
	readonly sources: readonly Source[];
}

/** Makes plans. What is the same for all callers of a role and its groups is worked out once; a reload makes another planner. */
export class Planner {
	readonly #budgets: readonly CompiledBudget[];
	readonly #networkOf: (peer: string) => string;
	readonly #selections: Selections<Selection>;
	readonly #kinds = new Map<string, PlanKind>();

	constructor(budgets: readonly CompiledBudget[], networkOf: (peer: string) => string) {
		this.#budgets = budgets;
		this.#networkOf = networkOf;
		const looksAtModel = budgets.some(({ budget: { spec }, matchesModel }) => spec.scope === "model" || matchesModel !== null);
		this.#selections = new Selections(looksAtModel, new Set(budgets.flatMap(({ budget }) => budget.spec.for.keys ?? [])));
	}

	/** The budgets that concern a request, and whose counters these are from now on. */
	planOf(facts: ChargedFacts): Plan {
		const { kind, sources } = this.#selections.of(facts, this.#select);
		const first = sources[0];
		if (first === undefined) return NO_PLAN;
		const subjects = [this.#countersOf(first, facts)];
		for (const source of sources) if (source !== first) subjects.push(this.#countersOf(source, facts));
		return { kind, subjects };
	}

	readonly #select = (facts: ChargedFacts): Selection => {
		const found: { readonly scope: BudgetScope; readonly group: string; readonly subjects: Subjects; readonly budgets: Budget[] }[] = [];
		const whose: number[] = [];
		const budgets: Budget[] = [];
		for (const { budget, matchesModel } of this.#budgets) {
			const { spec, subjects } = budget;
			if (!concerns(spec, matchesModel, facts)) continue;
			for (const group of sourcesOf(spec, facts)) {
				let at = found.findIndex((each) => each.scope === spec.scope && each.group === group);
				if (at === -1) at = found.push({ scope: spec.scope, group, subjects, budgets: [] }) - 1;
				found[at]?.budgets.push(budget);
				budgets.push(budget);
				whose.push(at);
			}
		}
		const sources = found.map(({ scope, group, subjects, budgets: counted }) => {
			return { scope, group, subjects, layout: subjects.layoutOf(counted) };
		});
		return { kind: this.#kindOf(budgets, whose), sources };
	};

	#kindOf(budgets: readonly Budget[], whose: readonly number[]): PlanKind {
		const key = budgets.map(({ place }, at) => `${place} ${whose[at]}`).join(" ");
		let kind = this.#kinds.get(key);
		if (kind === undefined) {
			kind = kindOf(budgets, whose);
			if (this.#kinds.size < KINDS_MAX) this.#kinds.set(key, kind);
		}
		return kind;
	}

	#countersOf({ subjects, layout, scope, group }: Source, facts: ChargedFacts): SubjectCounters {
		return subjects.of(this.#nameOf(scope, group, facts), layout);
	}

	#nameOf(scope: BudgetScope, group: string, { principal, model, peer }: ChargedFacts): string {
		switch (scope) {
			case "key":
			case "principal":
				return principal;
			case "group":
				return group;
			case "model":
				return model ?? "";
			case "network":
				return this.#networkOf(peer);
			case "everyone":
				return "";
		}
	}
}

const ONE = [""];

/** For each of whose counters a budget is counted: the group where it is one, else "". */
function sourcesOf({ scope, for: wanted }: BudgetSpec, { kind, groups, model }: ChargedFacts): readonly string[] {
	switch (scope) {
		case "key":
			return kind === "api-key" ? ONE : [];
		case "group": {
			const { groups: among } = wanted;
			return among === null ? groups : groups.filter((group) => among.includes(group));
		}
		case "model":
			return model === null ? [] : ONE;
		case "principal":
		case "network":
		case "everyone":
			return ONE;
	}
}

function kindOf(budgets: readonly Budget[], whose: readonly number[]): PlanKind {
	return {
		budgets,
		whose,
		requests: budgets.flatMap(({ spec }, at) => (spec.unit === "requests" ? [at] : [])),
		weighs: budgets.some(isWeighed),
		bounds: budgets.some(({ spec }) => ENDLESS.has(spec.unit)),
	};
}

/** Counters of one caller, whatever models they are about. Those of a model's own budget are there for the models that `mayName` lets through. */
export function countersOf(
	budgets: readonly CompiledBudget[],
	facts: ChargedFacts,
	networkOf: (peer: string) => string,
	mayName: (model: string) => boolean,
): readonly Counter[] {
	const all: Counter[] = [];
	const own = budgets.filter(({ budget: { spec } }) => spec.scope !== "model").map(({ budget }) => ({ budget, matchesModel: null }));
	all.push(...countersIn(new Planner(own, networkOf).planOf(facts)));
	for (const { budget } of budgets)
		if (budget.spec.scope === "model" && concerns(budget.spec, null, facts))
			for (const counter of budget.all()) if (mayName(counter.who.subject)) all.push(counter);
	return all.toSorted((one, other) => one.budget.place - other.budget.place);
}

function concerns(
	spec: BudgetSpec,
	matchesModel: CompiledBudget["matchesModel"],
	{ principal, role, groups, model }: ChargedFacts,
): boolean {
	const wanted = spec.for;
	if (wanted.roles !== null && !wanted.roles.includes(role)) return false;
	if (wanted.keys !== null && !wanted.keys.includes(principal)) return false;
	if (wanted.groups !== null && !wanted.groups.some((group) => groups.includes(group))) return false;
	return matchesModel === null || (model !== null && matchesModel(model));
}
