/** The budgets that concern one kind of request of one caller: looked up once, and then an array to walk. */
import type { BudgetSpec } from "../model/budget-spec.ts";
import type { ChargedFacts } from "../ports/budget-store.ts";
import type { Budget } from "./budget.ts";
import type { CountedBudget, Counter } from "./counter.ts";
import type { SubjectCounters } from "./subjects.ts";

export interface Plan {
	readonly counters: readonly Counter[];
	/** Whose counters these are: each once. */
	readonly subjects: readonly SubjectCounters[];
	readonly kind: PlanKind;
}

/** What is the same for all callers whom the same budgets concern. What is worked out of it can be kept with it: a reload makes new ones. */
export interface PlanKind {
	/** Of each counter. */
	readonly budgets: readonly CountedBudget[];
	/** Whether it matters how much a request uses, and not only that it is there. */
	readonly weighs: boolean;
	/** Whether a budget wants to know of tokens as they pass. */
	readonly bounds: boolean;
}

export interface CompiledBudget {
	readonly budget: Budget;
	/** Null where any model, or none, will do. */
	readonly matchesModel: ((model: string) => boolean) | null;
}

/** Callers of as many selections of budgets share what is worked out of them. */
const KINDS_MAX = 4_096;

const WEIGHED: ReadonlySet<string> = new Set([
	"input_tokens",
	"output_tokens",
	"tokens",
	"gpu_seconds",
	"money",
] satisfies BudgetSpec["unit"][]);
const ENDLESS: ReadonlySet<string> = new Set(["output_tokens", "tokens", "gpu_seconds", "money"] satisfies BudgetSpec["unit"][]);

export const NO_PLAN: Plan = Object.freeze({ counters: [], subjects: [], kind: { budgets: [], weighs: false, bounds: false } });

/** `kinds`: those that are known, by the places of their budgets. */
export function planOf(
	budgets: readonly CompiledBudget[],
	facts: ChargedFacts,
	networkOf: (peer: string) => string,
	kinds: Map<string, PlanKind>,
): Plan {
	const counters: Counter[] = [];
	const subjects: SubjectCounters[] = [];
	let places = "";
	for (const { budget, matchesModel } of budgets) {
		if (!concerns(budget.spec, matchesModel, facts)) continue;
		for (const subject of subjectsOf(budget.spec, facts, networkOf)) {
			const counted = budget.subjects.of(subject);
			if (!subjects.includes(counted)) subjects.push(counted);
			counters.push(counted.counterOf(budget));
			places += `${budget.place} `;
		}
	}
	if (counters.length === 0) return NO_PLAN;
	let kind = kinds.get(places);
	if (kind === undefined) {
		kind = kindOf(counters.map(({ budget }) => budget));
		if (kinds.size < KINDS_MAX) kinds.set(places, kind);
	}
	return { counters, subjects, kind };
}

function kindOf(budgets: readonly CountedBudget[]): PlanKind {
	return {
		budgets,
		weighs: budgets.some(({ spec }) => WEIGHED.has(spec.unit)),
		bounds: budgets.some(({ spec }) => ENDLESS.has(spec.unit)),
	};
}

/** Whether what a request used of a budget is known only when it has ended. */
export function isWeighed({ unit }: BudgetSpec): boolean {
	return WEIGHED.has(unit);
}

/** Counters of one caller, whatever models they are about. Those of a model's own budget are there for the models that `mayName` lets through. */
export function countersOf(
	budgets: readonly CompiledBudget[],
	facts: ChargedFacts,
	networkOf: (peer: string) => string,
	mayName: (model: string) => boolean,
): readonly Counter[] {
	return budgets.flatMap(({ budget }) => {
		if (!concerns(budget.spec, null, facts)) return [];
		if (budget.spec.scope === "model") return budget.all().filter(({ subject }) => mayName(subject));
		return subjectsOf(budget.spec, facts, networkOf).map((subject) => budget.counterOf(subject));
	});
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

function subjectsOf({ scope, for: wanted }: BudgetSpec, facts: ChargedFacts, networkOf: (peer: string) => string): readonly string[] {
	switch (scope) {
		case "key":
			return facts.kind === "api-key" ? [facts.principal] : [];
		case "principal":
			return [facts.principal];
		case "group": {
			const { groups } = wanted;
			return groups === null ? facts.groups : facts.groups.filter((group) => groups.includes(group));
		}
		case "model":
			return facts.model === null ? [] : [facts.model];
		case "network":
			return [networkOf(facts.peer)];
		case "everyone":
			return [""];
	}
}
