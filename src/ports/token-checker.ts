import type { Principal } from "../model/principal.ts";
import type { Reason } from "../model/reason.ts";

/** Access tokens of identity providers. */
export interface TokenChecker {
	/** Whether a bearer credential is one to be checked here: one that can be read, or an opaque one where a provider is asked about those. */
	takes(credential: string): boolean;
	/**
	 * Checks what a caller at `peer` sent. At once where the token is remembered or cannot be one; else after its signature was verified or its provider
	 * was asked, and then it rejects with a Fault where that could not be told.
	 */
	verify(token: string, peer: string): TokenVerdict | Promise<TokenVerdict>;
}

export type TokenVerdict =
	| {
			readonly principal: Principal;
			/** SHA-256 of the client certificate without which the token is worth nothing, in lower-case hexadecimal; null for a bearer token. */
			readonly certificate: string | null;
	  }
	| { readonly refused: Reason; readonly detail: string | null; readonly retryAfterMs: number | null };
