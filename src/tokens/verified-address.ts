import type { JsonObject } from "../std/unambiguous-json.ts";

/**
 * The address of mail that an issuer vouches for; null where it does not. At many providers people write there what they like, so it counts where the issuer
 * says that it has verified it (OpenID Connect Core §5.1), and where it has exactly one @ (GHSA-c5c4-8r6x-56w3 is what `a@good@evil` did elsewhere).
 */
export function verifiedAddress({ email, email_verified: verified }: JsonObject): string | null {
	return typeof email === "string" && verified === true && /^[^@\s]+@[^@\s]+$/.test(email) ? email : null;
}
