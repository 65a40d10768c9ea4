/**
 * What a request has become, stage by stage: receive → identify → understand → authorize → reserve → admit → forward.
 *
 * Each type holds what only its stage can have made, so a request that skipped a stage does not compile: `forward` wants a lease, a lease comes from
 * `admit`, `admit` wants a `Grant`, and only the policy mints one. `exchange.test-d.ts` holds the proofs.
 */
import type { Caller } from "../http/caller.ts";
import type { Dialect } from "../model/operation-class.ts";
import type { Principal } from "../model/principal.ts";
import type { Usage } from "../model/usage.ts";
import type { JudgedRequest } from "../ollama/judged-request.ts";
import type { Grant } from "../policy/evaluate.ts";
import type { RateResult } from "../quota/rate.ts";
import type { Reservation } from "../quota/reservation.ts";
import type { RequestHead } from "../wire/message.ts";

export interface Received {
	/** The x-request-id: ours, never the caller's. */
	readonly id: string;
	/** Unix ms. */
	readonly at: number;
	readonly caller: Caller;
	readonly head: RequestHead;
	/** Of the path as it stands, so that a refusal speaks it even where the operation is unknown. */
	readonly dialect: Dialect;
}

export interface Identified extends Received {
	readonly principal: Principal;
}

/** Written out instead of spread, here and in the stages: this happens for every request, and a spread costs ten times as much. */
export function identifiedAs({ id, at, caller, head, dialect }: Received, principal: Principal): Identified {
	return { id, at, caller, head, dialect, principal };
}

export interface Understood extends Identified {
	readonly judged: JudgedRequest;
}

export interface Authorized extends Understood {
	readonly grant: Grant;
}

export interface Reserved extends Authorized {
	/** What budgets hold of it; null where none concerns it. */
	readonly hold: Reservation | null;
}

export interface Admitted extends Reserved {
	readonly lease: Lease;
	/** For the RateLimit fields of the answer. */
	readonly rate: RateResult;
}

export function admittedAs(
	{ id, at, caller, head, dialect, principal, judged, grant, hold }: Reserved,
	rate: RateResult,
	lease: Lease,
): Admitted {
	return { id, at, caller, head, dialect, principal, judged, grant, rate, lease, hold };
}

/** Room that is held until the answer has ended; given back exactly once. */
export interface Lease {
	readonly queuedMs: number;
	/** Where in the queue it began to wait, about; null where it did not. */
	readonly queuePosition: number | null;
	/** Whether the answer was begun while it waited: status 200, and a stream. */
	readonly opened: boolean;
	/** Tells the budgets what was used; null where nothing is known. */
	settle(usage: Usage | null): void;
	release(): void;
}
