/**
 * What the main thread and the store worker say to each other. Both ends are this program, in one process: types suffice, nothing is parsed.
 */
import type { ApiKey } from "../../model/api-key.ts";
import type { EnrolledPrincipal } from "../../model/enrolled-principal.ts";
import type { EventQuery } from "../../ports/event-log.ts";

import type { Committed, NewBlock } from "./event-database.ts";
import type { FoundLines } from "./event-reader.ts";

export interface WorkerSettings {
	readonly directory: string;
}

export type StoreRequest =
	/** Opens both databases; every other request opens what it needs and finds closed. */
	| { readonly kind: "open" }
	| { readonly kind: "commit"; readonly block: NewBlock | null; readonly sealAt: number | null }
	| { readonly kind: "find"; readonly query: EventQuery }
	| { readonly kind: "all-keys" }
	| { readonly kind: "insert-key"; readonly key: ApiKey }
	| { readonly kind: "replace-key"; readonly key: ApiKey }
	| { readonly kind: "all-principals" }
	| { readonly kind: "insert-principal"; readonly principal: EnrolledPrincipal }
	| { readonly kind: "replace-principal"; readonly principal: EnrolledPrincipal }
	/** The worker ends after its answer. */
	| { readonly kind: "close" };

export type StoreReply =
	| { readonly kind: "done" }
	/** The id is taken, or there is no such key or principal: nothing was changed, and nothing is wrong with the store. */
	| { readonly kind: "conflict" }
	| ({ readonly kind: "committed" } & Committed)
	| ({ readonly kind: "found" } & FoundLines)
	| { readonly kind: "keys"; readonly keys: readonly ApiKey[] }
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
