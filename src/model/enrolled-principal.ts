/**
 * A principal that proves itself with a private key of its own. Only the public half is known here, so nothing in this record opens anything.
 */
export interface EnrolledPrincipal {
	/** `prn_` and eight characters of [0-9a-z]: never the id of an API key. */
	readonly id: string;
	readonly name: string;
	readonly role: string;
	readonly models: readonly string[] | null;
	/** Names of groups; for roles that demand one, for budgets and usage. Empty for none. */
	readonly groups: readonly string[];
	/** Unix ms. */
	readonly createdAt: number;
	/** Unix ms; refused from this instant on. */
	readonly expiresAt: number | null;
	/** Unix ms; set once, never unset. */
	readonly revokedAt: number | null;
	readonly credential: EnrolledCredential;
}

export type EnrolledCredential =
	/** What the `ollama` program signs its requests with: base64 of the SSH wire form, as in the second word of `id_ed25519.pub`. */
	| { readonly kind: "ollama-key"; readonly publicKey: string }
	/** A client certificate that was issued here: digest of the DER in lower-case hexadecimal, and the serial as `plainSerial` writes it. */
	| { readonly kind: "certificate"; readonly sha256: string; readonly serial: string };
