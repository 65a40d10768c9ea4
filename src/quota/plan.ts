/** The budgets that concern one kind of request of one caller: looked up once, and then an array to walk. */
import type { BudgetSpec } from "../model/budget-spec.ts";
import type { ChargedFacts } from "../ports/budget-store.ts";
import type { Budget } from "./budget.ts";
import type { Counter } from "./counter.ts";

export interface Plan {
	readonly counters: readonly Counter[];
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

const WEIGHED: ReadonlySet<string> = new Set([
	"input_tokens",
	"output_tokens",
	"tokens",
	"gpu_seconds",
	"money",
] satisfies BudgetSpec["unit"][]);
const ENDLESS: ReadonlySet<string> = new Set(["output_tokens", "tokens", "gpu_seconds", "money"] satisfies BudgetSpec["unit"][]);

export const NO_PLAN: Plan = Object.freeze({ counters: [], weighs: false, bounds: false });

export function planOf(budgets: readonly CompiledBudget[], facts: ChargedFacts, networkOf: (peer: string) => string): Plan {
	const counters = budgets.flatMap(({ budget, matchesModel }) =>
		concerns(budget.spec, matchesModel, facts) ? subjectsOf(budget.spec, facts, networkOf).map((subject) => budget.counterOf(subject)) : [],
	);
	if (counters.length === 0) return NO_PLAN;
	const specs = counters.map(({ budget }) => budget.spec);
	return {
		counters,
		weighs: specs.some(({ unit }) => WEIGHED.has(unit)),
		bounds: specs.some(({ unit }) => ENDLESS.has(unit)),
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
		if (budget.spec.scope === "model") return Array.from(budget.counters.values()).filter(({ subject }) => mayName(subject));
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
