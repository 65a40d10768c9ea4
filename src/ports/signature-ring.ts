import type { Principal } from "../model/principal.ts";
import type { Reason } from "../model/reason.ts";

/** What a signature is about, and how it came here. */
export interface SignedRequest {
	readonly method: string;
	/** As sent, query included. */
	readonly target: string;
	/** After `?`, or null. */
	readonly query: string | null;
	readonly encrypted: boolean;
	/** Address of the socket's peer. */
	readonly peer: string;
}

/** The public keys of enrolled clients, in memory: those that the `ollama` program signs with. */
export interface SignatureRing {
	/** `credential` is the whole Authorization field. Costs one Ed25519 verification at most, and none where the same was verified lately. */
	verify(credential: string, request: SignedRequest, now: number): SignatureVerdict;
}

export type SignatureVerdict =
	| { readonly principal: Principal }
	/** `detail` is for the record: whom the signature claims, unproved, and what is wrong with it. */
	| { readonly refused: Reason; readonly detail: string | null };
