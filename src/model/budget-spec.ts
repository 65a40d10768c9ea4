/**
 * What an operator writes about budgets, after defaults: input of the ledger, output of the configuration parser.
 *
 * Amounts are whole numbers of the smallest thing that counts, so that sums do not depend on the order of adding: requests, tokens, microseconds of
 * GPU, billionths of the operator's currency.
 */

/** Whose use is counted together: each key, principal, group, model or network by itself, or everyone's. */
export const BUDGET_SCOPES = ["key", "principal", "group", "model", "network", "everyone"] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

export const BUDGET_UNITS = ["requests", "concurrent", "input_tokens", "output_tokens", "tokens", "gpu_seconds", "money"] as const;
export type BudgetUnit = (typeof BUDGET_UNITS)[number];

/** second and minute are rates, which refill all the time; the rest are budgets, which renew. */
export const BUDGET_PERIODS = ["second", "minute", "hour", "day", "week", "month"] as const;
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];

/**
 * refuse: a request is let in where its whole estimate fits · cut: where anything fits, and its answer ends where the budget does · finish: where anything
 * fits, and its answer runs to its own end.
 */
export const ON_EXHAUSTED = ["refuse", "cut", "finish"] as const;
export type OnExhausted = (typeof ON_EXHAUSTED)[number];

export interface BudgetSpec {
	readonly name: string;
	readonly scope: BudgetScope;
	readonly unit: BudgetUnit;
	/** In the unit's smallest thing. */
	readonly limit: number;
	/** Null for `concurrent` alone. */
	readonly per: BudgetPeriod | null;
	/** calendar: from midnight to midnight in the operator's time zone, and so on · rolling: the last so many hours or days (a month: 30 days). */
	readonly window: "calendar" | "rolling";
	readonly onExhausted: OnExhausted;
	readonly for: BudgetSelector;
}

/** Whom and what a budget concerns; null where that does not matter. All that are given must hold. */
export interface BudgetSelector {
	readonly roles: readonly string[] | null;
	/** Ids of keys and of other principals. */
	readonly keys: readonly string[] | null;
	readonly groups: readonly string[] | null;
	/** Globs over canonical model names. */
	readonly models: readonly string[] | null;
}

/** Billionths of the currency: for one token read, for one token made, for a second of GPU. */
export interface Price {
	readonly input: number;
	readonly output: number;
	readonly gpuSecond: number;
}

export interface BudgetsSpec {
	readonly budgets: readonly BudgetSpec[];
	/** By glob over model names; the first that matches holds. What matches none costs nothing. */
	readonly prices: readonly (readonly [models: string, price: Price])[];
	/** IANA name. */
	readonly timeZone: string;
}
