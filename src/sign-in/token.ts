/** Values that nobody can guess: 256 random bits, of which only a digest is kept. Plain SHA-256 is enough for those; it is for passwords that it is not. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

import { SECRET_PREFIX } from "../model/api-key.ts";
import { Secret } from "../std/secret.ts";

/** Tells scanners for leaked secrets, and people, what it is. */
const SESSION_PREFIX = `${SECRET_PREFIX}session_`;
export const SESSION_TOKEN = /^rmp_session_[A-Za-z0-9_-]{43}$/;

export function newToken(): string {
	return randomBytes(32).toString("base64url");
}

export function newSessionToken(): Secret {
	return new Secret(SESSION_PREFIX + newToken());
}

/** What is looked up by it takes no longer the more of a guess was right. */
export function digestOf(text: string): string {
	return createHash("sha256").update(text).digest("base64url");
}

export function isSame(given: string, expected: string): boolean {
	const digests = [given, expected].map((text) => createHash("sha256").update(text).digest());
	const [one, other] = digests;
	return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}

/** RFC 7636 §4.6, method S256. */
export function answersChallenge(verifier: string, challenge: string): boolean {
	return /^[A-Za-z0-9._~-]{43,128}$/.test(verifier) && isSame(digestOf(verifier), challenge);
}
