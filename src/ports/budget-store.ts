import type { Charge, Reserved } from "../model/charge.ts";

/** How far budgets are used, as it outlives the process. */
export interface BudgetSnapshot {
	/** Every event up to here is counted in; later ones are not. */
	readonly seq: number;
	/** The ledger's time, Unix ms: it never goes back behind it. */
	readonly at: number;
	readonly definitions: readonly BudgetDefinition[];
	readonly counters: readonly CounterState[];
	/** Requests that were running: let in, and not yet at their end. */
	readonly open: readonly OpenRequest[];
}

/** What makes a budget the same one: with another definition, what was counted means nothing. */
export type BudgetDefinition = readonly [name: string, definition: string];

export interface CounterState {
	readonly budget: string;
	/** Whose: an id, a group, a model, a network; "" for everyone. */
	readonly subject: string;
	/** As the kind of window writes it. */
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
	/** Those that changed since the last save that succeeded; the rest stays. */
	readonly counters: readonly CounterState[];
	/** Those that are empty again. */
	readonly forgotten: readonly (readonly [budget: string, subject: string])[];
}

/**
 * Keeps what one ledger says. Every write is on disk (fsync) when its promise resolves, whole or not at all; a store that cannot answer rejects.
 */
export interface BudgetStore {
	/** Null where nothing was kept. */
	load(): Promise<BudgetSnapshot | null>;
	/** Counters of a budget whose definition is not given any more, or is another than before, are dropped. */
	save(changes: BudgetChanges): Promise<void>;
}
