/** Ledgers with a clock that the test sets, and the little that a budget must say. */
import type { BudgetSpec, BudgetsSpec } from "../../src/model/budget-spec.ts";
import { NO_GROUPS, type Principal } from "../../src/model/principal.ts";
import type { Weight } from "../../src/quota/estimator.ts";
import { type Exceeded, factsOf, Ledger } from "../../src/quota/ledger.ts";
import { Reservation } from "../../src/quota/reservation.ts";
import { type Standing, standingOf } from "../../src/quota/standing.ts";

/** 12:00 on a Monday, UTC. */
export const NOON = Date.UTC(2026, 10, 23, 12);

export function budgetSpec(changes: Partial<BudgetSpec> = {}): BudgetSpec {
	return {
		name: "daily",
		scope: "key",
		unit: "requests",
		limit: 10,
		per: "day",
		window: "calendar",
		onExhausted: "refuse",
		for: { roles: null, keys: null, groups: null, models: null },
		...changes,
	};
}

export function budgetsSpec(budgets: readonly Partial<BudgetSpec>[], changes: Partial<BudgetsSpec> = {}): BudgetsSpec {
	return { budgets: budgets.map((each) => budgetSpec(each)), prices: [], timeZone: "UTC", ...changes };
}

export function principal(id: string, changes: Partial<Principal> = {}): Principal {
	return { kind: "api-key", id, name: id, role: "user", models: null, groups: NO_GROUPS, ...changes };
}

export interface TestedLedger {
	readonly ledger: Ledger;
	/** Wall and monotonic clock, in ms; set at will. */
	readonly time: { wall: number; monotonic: number };
	readonly overshoots: string[];
	/** Lets both clocks go on. */
	readonly pass: (ms: number) => void;
	readonly reserve: (who: Principal, weight?: Partial<Weight> | null, peer?: string) => Reservation | Exceeded;
	/** The same where it must fit. */
	readonly held: (who: Principal, weight?: Partial<Weight> | null) => Reservation;
}

let requests = 0;

export function testedLedger(spec: BudgetsSpec, time = { wall: NOON, monotonic: 0 }): TestedLedger {
	const overshoots: string[] = [];
	const ledger = new Ledger(spec, {
		now: () => time.wall,
		monotonic: () => time.monotonic,
		modelMatcher: (patterns) => (model) => patterns.some((pattern) => pattern === "*" || model.startsWith(pattern.replace("*", ""))),
		networkOf: (peer) => peer,
		onOvershoot: (budget, unit, by) => overshoots.push(`${budget} ${unit} ${by}`),
	});
	const reserve: TestedLedger["reserve"] = (who, weight = null, peer = "192.0.2.1") => {
		const facts = factsOf(who, "llama3.2:latest", peer);
		const plan = ledger.planOf(facts);
		const mostInput = weight?.guessedInput ?? 0;
		const whole =
			weight === null ? null : { guessedInput: 0, mostInput, outputBound: null, answers: true, whole: false, onGpu: true, ...weight };
		return ledger.reserve(plan, `request-${++requests}`, facts, whole);
	};
	return {
		ledger,
		time,
		overshoots,
		reserve,
		pass: (ms) => {
			time.wall += ms;
			time.monotonic += ms;
		},
		held: (who, weight) => {
			const reserved = reserve(who, weight);
			if (reserved instanceof Reservation) return reserved;
			throw new Error(`${reserved.counter.budget.spec.name} is used up`);
		},
	};
}

/** How one budget stands for each that used any of it; all budgets where none is named. */
export function standings(ledger: Ledger, name: string | null = null): readonly Standing[] {
	const budgets = ledger.budgets.filter(({ spec }) => name === null || spec.name === name);
	return budgets.flatMap((budget) => Array.from(budget.all(), (counter) => standingOf(counter, ledger.now())));
}

/** How a subject stands with one budget; whoever was never counted has used nothing. */
export function standing(ledger: Ledger, subject: string, name = "daily"): { readonly used: number; readonly held: number } {
	const found = standings(ledger, name).find((each) => each.subject === subject);
	return { used: found?.used ?? 0, held: found?.held ?? 0 };
}

export const LLAMA = {
	host: "registry.ollama.ai",
	namespace: "library",
	model: "llama3.2",
	tag: "latest",
	full: "registry.ollama.ai/library/llama3.2:latest",
	short: "llama3.2:latest",
	cloud: false,
};

export function charge(outputTokens: number, inputTokens = 0, gpuUs = 0) {
	return { inputTokens, outputTokens, gpuUs, nanos: 0 };
}
