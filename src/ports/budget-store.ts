import type { Charge, Reserved } from "../model/charge.ts";

/** How far budgets are used, as it outlives the process. */
export interface BudgetSnapshot {
	/** Every event up to here is counted in; later ones are not. */
	readonly seq: number;
	/** The ledger's time, Unix ms: it never goes back behind it. */
	readonly at: number;
	/** The number of the last save. */
	readonly save: number;
	readonly definitions: readonly BudgetDefinition[];
	/** In the order in which they were saved: of a subject that is in several, the last counts. */
	readonly records: readonly SubjectRecords[];
	/** Requests that were running: let in, and not yet at their end. */
	readonly open: readonly OpenRequest[];
}

/** What makes a budget the same one: with another definition, what was counted means nothing. */
export type BudgetDefinition = readonly [name: string, definition: string];

/**
 * How far some subjects have used the budgets of their scopes, in one piece: a message and a row for each of ten thousand callers would cost more than all
 * the counting.
 */
export interface SubjectRecords {
	/** Whose: ids, groups, models, networks, "" for everyone; one after the other, without anything between. */
	readonly names: string;
	/**
	 * The place of their scope in BUDGET_SCOPES, how many budgets are counted, and their places among the definitions. Then for each subject in turn: how many
	 * UTF-16 units its name has; when what follows was true (the ledger's time, Unix ms); of each budget how much was used, in the unit's smallest thing; how
	 * many numbers follow, and these. They are, for each rolling window of which more is known than how much was used in all: which of the budgets, how many
	 * numbers follow, and these, the number of each bucket but the newest and what was used in it. A subject of which nothing counts any more has no budgets.
	 */
	readonly numbers: Float64Array<ArrayBuffer>;
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
	/** Of those of whom anything changed since the last save that succeeded; the rest stays. */
	readonly records: readonly SubjectRecords[];
	/** Records of saves before this one are needed no more; with the number of this save, none but its own are. */
	readonly keepFrom: number;
}

/**
 * Keeps what one ledger says. Every write is on disk (fsync) when its promise resolves, whole or not at all; a store that cannot answer rejects.
 */
export interface BudgetStore {
	/** Null where nothing was kept. */
	load(): Promise<BudgetSnapshot | null>;
	/** The records are kept behind those that are there; all else replaces what was there. Takes the records' arrays: they may be empty afterwards. */
	save(changes: BudgetChanges): Promise<void>;
}
