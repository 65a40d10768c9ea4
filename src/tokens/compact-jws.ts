/**
 * The shape of a signed token (RFC 7515 §7.1), read before anything is done with it.
 *
 *  - Three parts, none empty, each the one spelling of its bytes in base64url. Decoders forgive white space, padding and stray bits, and a token with two
 *    spellings passes a list of revoked ones (Wycheproof JWS 360, 365, 368, 375).
 *  - Header and payload are one JSON object each, in UTF-8, with no member twice.
 *  - An encrypted token (RFC 7516) is refused: nothing here decrypts, decompresses or derives keys.
 *  - Bounded before any of it: what is longer is not looked at.
 */
import { Buffer, isUtf8 } from "node:buffer";

import { type JsonObject, parseUnambiguousJson } from "../std/unambiguous-json.ts";

export interface CompactJws {
	readonly header: JsonObject;
	/** Nobody has vouched for these yet. */
	readonly claims: JsonObject;
	/** The claims as they were written. */
	readonly payload: string;
}

/** Larger than any head that the gateway takes by default, and a bound where that is raised. */
export const MOST_TOKEN_LENGTH = 16 * 1024;

/** Whether a text means to be a token that can be read, in contrast to an opaque one: base64url of `{"`, and dots. */
export function looksLikeJwt(text: string): boolean {
	return text.startsWith("eyJ") && text.includes(".");
}

export function readCompactJws(token: string): CompactJws | { readonly malformed: string } {
	if (token.length > MOST_TOKEN_LENGTH) return { malformed: `longer than ${MOST_TOKEN_LENGTH}` };
	const parts = partsOf(token);
	if (parts === null) return { malformed: "not three parts in base64url" };
	const header = objectIn(parts.header);
	if ("problem" in header) return { malformed: `its header is ${header.problem}` };
	const claims = objectIn(parts.payload);
	if ("problem" in claims) return { malformed: `its payload is ${claims.problem}` };
	return { header: header.object, claims: claims.object, payload: parts.payload.toString("utf8") };
}

/** Header and payload of a text that has the one shape and spelling of a signed token; null for any other, an encrypted one of five parts included. */
export function partsOf(token: string): { readonly header: Buffer; readonly payload: Buffer } | null {
	const [header, payload, signature, ...more] = token.split(".").map(bytesOf);
	if (!header || !payload || !signature || more.length > 0) return null;
	return { header, payload };
}

/** Null for what is empty or not the one spelling of its bytes. */
function bytesOf(part: string): Buffer | null {
	const bytes = Buffer.from(part, "base64url");
	return part !== "" && bytes.toString("base64url") === part ? bytes : null;
}

function objectIn(bytes: Buffer) {
	return isUtf8(bytes) ? parseUnambiguousJson(bytes.toString("utf8")) : { problem: "not UTF-8" };
}
