import type { Principal } from "../model/principal.ts";
import type { Reason } from "../model/reason.ts";

/** Users with passwords, as an htpasswd file lists them. */
export interface PasswordChecker {
	/** False where no such file is configured: the user of Basic credentials is then of no matter. */
	readonly active: boolean;
	/**
	 * Checks what a caller at `peer` sent. At once where the credential is remembered or is not looked at; after a slow hash, off the event loop,
	 * where it is not. A user who does not exist costs what one who exists does.
	 */
	verify(user: string, password: string, peer: string): PasswordVerdict | PendingVerdict;
}

export type PasswordVerdict =
	| { readonly principal: Principal }
	| { readonly refused: Reason; readonly detail: string | null; readonly retryAfterMs: number | null };

export interface PendingVerdict {
	/** Rejects with a Fault where it could not be told. */
	readonly verdict: Promise<PasswordVerdict>;
	/** The caller has left: whatever has not begun need not begin. The promise settles all the same. */
	giveUp(): void;
}
