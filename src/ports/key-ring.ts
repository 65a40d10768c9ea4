import type { Principal } from "../model/principal.ts";
import type { Reason } from "../model/reason.ts";
import type { CertificateRing } from "./certificate-ring.ts";
import type { SignatureRing } from "./signature-ring.ts";

/** The keys that are in force, in memory. Looking one up is O(1) and synchronous: the hot path never waits for a store. */
export interface KeyRing {
	/**
	 * Checks a credential's text against the key of its id.
	 *
	 * The same work is done whatever is wrong (one HMAC, one constant-time comparison), so time says nothing about how much of a guess was right.
	 */
	verify(credential: string, now: number): { readonly principal: Principal } | { readonly refused: Reason; readonly keyId: string | null };
	/** Those who sign instead of sending a key: whoever asks for the one asks for the other too. Absent where nobody can be enrolled. */
	readonly signatures?: SignatureRing | null;
	/** Client certificates; absent where callers are asked for none. */
	readonly certificates?: CertificateRing | null;
}
