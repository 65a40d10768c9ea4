/**
 * What is handed to a command line instead of a session: a code, good once, for a minute, and only with the secret of whoever asked (RFC 7636).
 *
 * Codes are made for people who are signed in and have said yes, so their number is bounded by how many of those there are, and by a number besides.
 */
import type { Clock } from "../std/clock.ts";
import type { Session } from "./sessions.ts";
import { answersChallenge, digestOf, newToken } from "./token.ts";

export interface HandedTo {
	readonly redirectUri: string;
	/** S256 of what the command line keeps to itself. */
	readonly challenge: string;
}

interface Handed extends HandedTo {
	readonly session: Session;
	readonly expiresAt: number;
}

const LIFETIME_MS = 60_000;
const CODES_MAX = 1_000;

export class HandedCodes {
	readonly #now: Clock;
	/** By the code's digest, oldest first. */
	readonly #handed = new Map<string, Handed>();

	constructor(now: Clock) {
		this.#now = now;
	}

	issue(session: Session, to: HandedTo): string {
		const [oldest] = this.#handed.keys();
		if (this.#handed.size >= CODES_MAX && oldest !== undefined) this.#handed.delete(oldest);
		const code = newToken();
		this.#handed.set(digestOf(code), { ...to, session, expiresAt: this.#now() + LIFETIME_MS });
		return code;
	}

	/** Who said yes; null for what is not, is no more, or was not asked for so. A code is spent by being shown, right or wrong. */
	redeem({
		code,
		verifier,
		redirectUri,
	}: {
		readonly code: string;
		readonly verifier: string;
		readonly redirectUri: string;
	}): Session | null {
		const digest = digestOf(code);
		const handed = this.#handed.get(digest);
		this.#handed.delete(digest);
		if (handed === undefined || this.#now() >= handed.expiresAt) return null;
		return handed.redirectUri === redirectUri && answersChallenge(verifier, handed.challenge) ? handed.session : null;
	}

	clear(): void {
		this.#handed.clear();
	}
}
