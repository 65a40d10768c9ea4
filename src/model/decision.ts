/**
 * A decision: permit with a value, or deny with a reason.
 *
 *  - A refusal is data. It is returned, never thrown, and `.value` does not compile before `.permitted` was looked at.
 *  - `detail` is for the record and for `policy explain`; it never reaches a caller.
 */
import type { Reason } from "./reason.ts";

export interface Permit<T> {
	readonly permitted: true;
	readonly value: T;
}

export interface Deny {
	readonly permitted: false;
	readonly reason: Reason;
	readonly detail: string | null;
	/** Milliseconds after which trying again makes sense; becomes `Retry-After`. */
	readonly retryAfterMs: number | null;
	/** In the queue, of what waited there or would have had to: 1 is the next. */
	readonly position?: number;
	/** What the caller is told instead of the table's sentence: of budgets, whose name and limit it may know. */
	readonly told?: string;
	/** Fields of the answer that say more, such as what is left of the caller's budgets. */
	readonly fields?: readonly (readonly [string, string])[];
	/** Name of the budget that is used up. */
	readonly budget?: string;
}

export type Decision<T> = Permit<T> | Deny;

export function permit<T>(value: T): Permit<T> {
	return { permitted: true, value };
}

export function deny(reason: Reason, detail: string | null = null, retryAfterMs: number | null = null): Deny {
	return { permitted: false, reason, detail, retryAfterMs };
}
