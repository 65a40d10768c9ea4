/**
 * The public keys of an issuer, as its JWKS lists them (RFC 7517 §5).
 *
 *  - Keys for signatures alone, and asymmetric ones: a symmetric key that is published is everyone's, and so is one whose private part is.
 *  - A key serves the algorithms of its own kind. That a token names another, such as HS256 with an RSA key as the secret, leads nowhere.
 *  - Where a token names no key, it is good only if one alone can be meant.
 *  - The only file that needs `jose`, and loaded when a provider's keys have come: a server without access tokens does without some megabytes.
 */
import { compactVerify, createLocalJWKSet, errors } from "jose";

import { isJsonObject, parseUnambiguousJson } from "../std/unambiguous-json.ts";

/** unknown-key: no key of the set is the one that the token names. */
export type SignatureOutcome = "holds" | "unknown-key" | { readonly wrong: string };

export interface KeySet {
	/** `algorithms`: those that are allowed, as JWA names them. */
	readonly check: (token: string, algorithms: readonly string[]) => Promise<SignatureOutcome>;
	/** Each key as one text. */
	readonly keys: ReadonlySet<string>;
}

const MOST_KEYS = 64;
const KINDS = new Set(["RSA", "EC", "OKP"]);
/** Of a private key (RFC 7518 §6), or of a symmetric one. */
const PRIVATE_PARTS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/** Throws an Error that says what is wrong with the document. */
export function readKeySet(text: string): KeySet {
	const parsed = parseUnambiguousJson(text);
	if ("problem" in parsed) throw new Error(`the key set is ${parsed.problem}`);
	const { keys } = parsed.object;
	if (!Array.isArray(keys)) throw new Error("the key set has no list of keys");
	if (keys.length > MOST_KEYS) throw new Error(`the key set has more than ${MOST_KEYS} keys`);
	const usable = keys.filter(isUsable);
	if (usable.length === 0) throw new Error("the key set has no public key for signatures");
	const select = createLocalJWKSet({ keys: usable });
	return {
		check: (token, algorithms) => checked(compactVerify(token, select, { algorithms: [...algorithms] })),
		keys: new Set(usable.map((key) => JSON.stringify(key))),
	};
}

function isUsable(key: unknown): key is { readonly kty: string } {
	if (!isJsonObject(key)) return false;
	const { kty, use, kid } = key;
	const isPublic = PRIVATE_PARTS.every((part) => !Object.hasOwn(key, part));
	return isPublic && typeof kty === "string" && KINDS.has(kty) && (use === undefined || use === "sig") && isNameOrNone(kid);
}

function isNameOrNone(kid: unknown): boolean {
	return kid === undefined || typeof kid === "string";
}

async function checked(verifying: Promise<unknown>): Promise<SignatureOutcome> {
	try {
		await verifying;
		return "holds";
	} catch (error) {
		if (error instanceof errors.JWKSNoMatchingKey) return "unknown-key";
		// A key of a length that is too short is a TypeError.
		if (error instanceof errors.JOSEError || error instanceof TypeError) return { wrong: error.message };
		throw error;
	}
}
