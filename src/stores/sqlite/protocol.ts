/**
 * What the main thread and the store worker say to each other. Both ends are this program, in one process: types suffice, nothing is parsed.
 */
import type { ApiKey } from "../../model/api-key.ts";
import type { EnrolledPrincipal } from "../../model/enrolled-principal.ts";
import type { BudgetSnapshot } from "../../ports/budget-store.ts";
import type { EventQuery } from "../../ports/event-log.ts";
import type { PruningPlan } from "../../ports/event-pruning.ts";
import type { UsageComparison, UsageQuery, UsageReport } from "../../ports/usage-ledger.ts";

import type { PackedChanges } from "./budget-database.ts";
import type { Committed, NewBlock } from "./event-database.ts";
import type { FoundLines } from "./event-reader.ts";
import type { Pruned } from "./prune-work.ts";

export interface WorkerSettings {
	readonly directory: string;
}

export type StoreRequest = QuickRequest | UpkeepRequest | SlicedRequest;

/** Worked off in slices between the others too, but not behind them. */
export type SlicedRequest =
	| { readonly kind: "find"; readonly query: EventQuery }
	| { readonly kind: "save-budgets"; readonly changes: PackedChanges };

export type QuickRequest =
	/** Opens both databases; every other request opens what it needs and finds closed. */
	| { readonly kind: "open" }
	| { readonly kind: "commit"; readonly block: NewBlock | null; readonly sealAt: number | null }
	| { readonly kind: "all-keys" }
	| { readonly kind: "insert-key"; readonly key: ApiKey }
	| { readonly kind: "replace-key"; readonly key: ApiKey }
	| { readonly kind: "all-principals" }
	| { readonly kind: "insert-principal"; readonly principal: EnrolledPrincipal }
	| { readonly kind: "replace-principal"; readonly principal: EnrolledPrincipal }
	| { readonly kind: "load-budgets" }
	/** The worker ends after its answer. */
	| { readonly kind: "close" };

/** Worked off in slices between the others, as `find` is, one after the other. */
export type UpkeepRequest =
	| { readonly kind: "count-usage"; readonly timeZone: string }
	| { readonly kind: "report-usage"; readonly query: UsageQuery; readonly timeZone: string }
	| { readonly kind: "recompute-usage"; readonly timeZone: string }
	/** Months that were over before `day`. */
	| { readonly kind: "roll-up-usage"; readonly day: string }
	| { readonly kind: "plan-pruning"; readonly before: number; readonly timeZone: string }
	| { readonly kind: "prune"; readonly plan: PruningPlan; readonly timeZone: string };

const UPKEEP: ReadonlySet<string> = new Set<UpkeepRequest["kind"]>([
	"count-usage",
	"report-usage",
	"recompute-usage",
	"roll-up-usage",
	"plan-pruning",
	"prune",
]);

export function isUpkeep(request: StoreRequest): request is UpkeepRequest {
	return UPKEEP.has(request.kind);
}

export type StoreReply =
	| { readonly kind: "done" }
	/** The id is taken, or there is no such key or principal: nothing was changed, and nothing is wrong with the store. */
	| { readonly kind: "conflict" }
	| ({ readonly kind: "committed" } & Committed)
	| ({ readonly kind: "found" } & FoundLines)
	| { readonly kind: "counted"; readonly countedSeq: number; readonly events: number }
	| { readonly kind: "usage"; readonly report: UsageReport }
	| { readonly kind: "usage-compared"; readonly comparison: UsageComparison }
	| { readonly kind: "rolled-up"; readonly days: number }
	| { readonly kind: "pruning-planned"; readonly plan: PruningPlan | null }
	| ({ readonly kind: "pruned" } & Pruned)
	| { readonly kind: "keys"; readonly keys: readonly ApiKey[] }
	| { readonly kind: "budgets"; readonly snapshot: BudgetSnapshot | null }
	| { readonly kind: "principals"; readonly principals: readonly EnrolledPrincipal[] }
	/** `hint` where an operator has to act before trying again makes sense. */
	| { readonly kind: "failed"; readonly message: string; readonly hint: string | null };

export interface Asked {
	readonly id: number;
	/** Unix ms: the main thread owns the clock. */
	readonly now: number;
	readonly request: StoreRequest;
}

export interface Answered {
	readonly id: number;
	readonly reply: StoreReply;
}
