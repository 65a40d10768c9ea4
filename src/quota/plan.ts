/** The budgets that concern one kind of request of one caller: looked up once, and then an array to walk. */
import type { BudgetScope, BudgetSpec } from "../model/budget-spec.ts";
import type { ChargedFacts } from "../ports/budget-store.ts";
import type { Budget } from "./budget.ts";
import type { CountedBudget } from "./counted-budget.ts";
import { Counter } from "./counter.ts";
import type { Layout } from "./layout.ts";
import type { SubjectCounters, Subjects } from "./subjects.ts";

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
	readonly sources: readonly Source[];
	/** Of each budget of the kind: the place of its source. */
	readonly whose: readonly number[];
}

/** Makes plans. What is the same for all callers of a role and its groups is worked out once; a reload makes another planner. */
export class Planner {
	readonly #budgets: readonly CompiledBudget[];
	readonly #networkOf: (peer: string) => string;
	readonly #looksAtModel: boolean;
	/** Principals that some budget names. */
	readonly #named: ReadonlySet<string>;
	readonly #selections = new Map<string, Selection>();
	readonly #kinds = new Map<string, PlanKind>();
	/** Of nobody whom a budget names. */
	#last: { readonly facts: ChargedFacts; readonly selection: Selection } | null = null;

	constructor(budgets: readonly CompiledBudget[], networkOf: (peer: string) => string) {
		this.#budgets = budgets;
		this.#networkOf = networkOf;
		this.#looksAtModel = budgets.some(({ budget: { spec }, matchesModel }) => spec.scope === "model" || matchesModel !== null);
		this.#named = new Set(budgets.flatMap(({ budget }) => budget.spec.for.keys ?? []));
	}

	/** Whether two models of one caller may have two plans. */
	get looksAtModel(): boolean {
		return this.#looksAtModel;
	}

	/**
	 * The budgets that concern a request, and whose counters these are from now on. `beside`: another plan of the same caller, whose counters it shares, so
	 * that whoever asks for many models makes no more of them.
	 */
	planOf(facts: ChargedFacts, beside: Plan | null = null): Plan {
		const { kind, sources, whose } = this.#selectionOf(facts);
		if (sources.length === 0) return NO_PLAN;
		const subjects = sources.map(({ subjects: all, layout, scope, group }) => all.of(this.#nameOf(scope, group, facts), layout));
		const counters: Counter[] = [];
		for (const [place, budget] of kind.budgets.entries()) {
			const subject = subjects[whose[place] ?? -1];
			if (subject === undefined) continue;
			const shared = beside?.subjects.includes(subject) === true ? beside.counters.find((each) => each.isOf(budget, subject)) : undefined;
			counters.push(shared ?? new Counter(budget, subject));
		}
		return { counters, subjects, kind };
	}

	#selectionOf(facts: ChargedFacts): Selection {
		const { principal, kind, role, groups, model } = facts;
		const last = this.#last;
		// Keys have no groups, all the same array; so most of them come here with what the one before had.
		const isAsLast = last?.facts.kind === kind && last.facts.role === role && last.facts.groups === groups;
		if (isAsLast && (!this.#looksAtModel || last.facts.model === model) && !this.#named.has(principal)) return last.selection;
		const key = JSON.stringify([kind, role, this.#named.has(principal) ? principal : null, this.#looksAtModel ? model : null, groups]);
		let selection = this.#selections.get(key);
		if (selection === undefined) {
			if (this.#selections.size >= KINDS_MAX) this.#selections.clear();
			selection = this.#select(facts);
			this.#selections.set(key, selection);
		}
		if (!this.#named.has(principal)) this.#last = { facts, selection };
		return selection;
	}

	#select(facts: ChargedFacts): Selection {
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
		return { kind: this.#kindOf(budgets), sources, whose };
	}

	#kindOf(budgets: readonly Budget[]): PlanKind {
		const key = budgets.map(({ place }) => place).join(" ");
		let kind = this.#kinds.get(key);
		if (kind === undefined) {
			kind = kindOf(budgets);
			if (this.#kinds.size < KINDS_MAX) this.#kinds.set(key, kind);
		}
		return kind;
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
	const all: Counter[] = [];
	const own = budgets.filter(({ budget: { spec } }) => spec.scope !== "model").map(({ budget }) => ({ budget, matchesModel: null }));
	for (const counter of new Planner(own, networkOf).planOf(facts).counters) all.push(counter);
	for (const { budget } of budgets)
		if (budget.spec.scope === "model" && concerns(budget.spec, null, facts))
			all.push(...budget.all().filter(({ subject }) => mayName(subject)));
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
