/** What every secret of ours begins with, keys and sessions alike: no password of a file and no token of a provider is taken for one, nor one for them. */
export const SECRET_PREFIX = "rmp_";

/** A key at rest. The secret itself is never kept: only its HMAC-SHA-256 under the pepper. */
export interface ApiKey {
	/** Eight characters of [0-9a-z]; the public half of the credential. */
	readonly id: string;
	readonly name: string;
	readonly role: string;
	readonly models: readonly string[] | null;
	/** Names of groups; for roles that demand one, for budgets and usage. Empty for none. */
	readonly groups: readonly string[];
	/** Unix ms. */
	readonly createdAt: number;
	/** Unix ms; the key is refused from this instant on. */
	readonly expiresAt: number | null;
	/** Unix ms; set once, never unset. */
	readonly revokedAt: number | null;
	/** One, or two while a rotation overlaps; newest first. */
	readonly secrets: readonly KeySecret[];
}

export interface KeySecret {
	/** Hexadecimal HMAC-SHA-256 of the whole key text under the pepper. */
	readonly mac: string;
	/** Last four characters of the secret, to tell keys apart in a list. */
	readonly last4: string;
	readonly createdAt: number;
	/** Unix ms; the older secret of a rotation stops here. */
	readonly expiresAt: number | null;
}
