import type { BudgetScope } from "../model/budget-spec.ts";
import type { Charge, Reserved } from "../model/charge.ts";

/** How far budgets are used, as it outlives the process. */
export interface BudgetSnapshot {
	/** Every event up to here is counted in; later ones are not. */
	readonly seq: number;
	/** The ledger's time, Unix ms: it never goes back behind it. */
	readonly at: number;
	readonly definitions: readonly BudgetDefinition[];
	readonly subjects: readonly SubjectState[];
	/** Requests that were running: let in, and not yet at their end. */
	readonly open: readonly OpenRequest[];
}

/** What makes a budget the same one: with another definition, what was counted means nothing. */
export type BudgetDefinition = readonly [name: string, definition: string];

/** How far one subject has used the budgets of a scope, in one: with ten budgets each a caller would be ten rows to write. */
export interface SubjectState {
	readonly scope: BudgetScope;
	/** Whose: an id, a group, a model, a network; "" for everyone. */
	readonly subject: string;
	/**
	 * For each budget of which something was counted: its place among the definitions, how many numbers follow, and these, as its kind of window writes
	 * them.
	 */
	readonly state: readonly number[];
}

export interface OpenRequest {
	/** The x-request-id. */
	readonly request: string;
	readonly facts: ChargedFacts;
	/** Held at that moment. */
	readonly charge: Charge;
	/** Whether it was on its way to the upstream, and so counts as a request. */
	readonly begun: boolean;
}

/** All that decides which budgets a request concerns. */
export interface ChargedFacts extends Pick<Reserved, "kind" | "groups"> {
	readonly principal: string;
	readonly role: string;
	/** Canonical short name; null where the request names none. */
	readonly model: string | null;
	/** Address of the caller. */
	readonly peer: string;
}

export interface BudgetChanges extends BudgetSnapshot {
	/** Those of whom anything changed since the last save that succeeded, whole; the rest stays. */
	readonly subjects: readonly SubjectState[];
	/** Those of whom nothing counts any more; to be done before `subjects`, among whom they may be again. */
	readonly forgotten: readonly (readonly [scope: BudgetScope, subject: string])[];
}

/**
 * Keeps what one ledger says. Every write is on disk (fsync) when its promise resolves, whole or not at all; a store that cannot answer rejects.
 */
export interface BudgetStore {
	/** Null where nothing was kept. */
	load(): Promise<BudgetSnapshot | null>;
	/** What was counted of a budget whose definition is not given any more, or is another than before, is dropped. */
	save(changes: BudgetChanges): Promise<void>;
}
