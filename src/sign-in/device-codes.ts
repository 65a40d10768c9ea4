/**
 * Signing in from a machine without a browser (RFC 8628): it shows a short code, its person types it into a page where they are signed in, it fetches
 * the outcome with a long one.
 *
 *  - Strangers can ask for codes, so few wait at a time and none for long; beyond that none is given, and the way by the browser beside goes on working.
 *  - Short codes are typed by people who are signed in, and each of them has few wrong ones free.
 *  - A code opens nothing before somebody has said yes to it, and one thing after.
 */
import { randomInt } from "node:crypto";

import type { Clock } from "../std/clock.ts";
import type { Session } from "./sessions.ts";
import { digestOf, newToken } from "./token.ts";

export interface DeviceCode {
	/** The machine keeps it to itself. */
	readonly deviceCode: string;
	/** `BCDF-GHJK` */
	readonly userCode: string;
	readonly expiresInMs: number;
	readonly intervalMs: number;
}

export type DeviceOutcome =
	| { readonly outcome: "pending" | "denied" | "unknown" }
	| { readonly outcome: "approved"; readonly session: Session };

interface Waiting {
	readonly digest: string;
	readonly expiresAt: number;
	/** Null while nobody has said anything. */
	answer: { readonly session: Session | null } | null;
}

/** RFC 8628 §6.1: no vowels, so no words; nothing that is taken for something else. */
const ALPHABET = "BCDFGHJKLMNPQRSTVWXZ";
const LENGTH = 8;
const LIFETIME_MS = 600_000;
const INTERVAL_MS = 2_000;
const WAITING_MAX = 200;
const WRONG_MAX = 10;

export class DeviceCodes {
	readonly #now: Clock;
	/** By the short code. */
	readonly #waiting = new Map<string, Waiting>();
	/** Wrong short codes by person, since `#wrongSince`. */
	readonly #wrong = new Map<string, number>();
	#wrongSince = 0;

	constructor(now: Clock) {
		this.#now = now;
	}

	/** Null where too many wait. */
	begin(): DeviceCode | null {
		this.#forgetOld();
		if (this.#waiting.size >= WAITING_MAX) return null;
		let short = newShortCode();
		while (this.#waiting.has(short)) short = newShortCode();
		const deviceCode = newToken();
		this.#waiting.set(short, { digest: digestOf(deviceCode), expiresAt: this.#now() + LIFETIME_MS, answer: null });
		return { deviceCode, userCode: `${short.slice(0, 4)}-${short.slice(4)}`, expiresInMs: LIFETIME_MS, intervalMs: INTERVAL_MS };
	}

	/** False where no such code waits, or this person has tried too many. */
	answer(typed: string, session: Session, yes: boolean): boolean {
		this.#forgetOld();
		const wrong = this.#wrong.get(session.person.id) ?? 0;
		if (wrong >= WRONG_MAX) return false;
		const waiting = this.#waiting.get(typed.toUpperCase().replaceAll(/[^A-Z]/g, ""));
		if (waiting === undefined || waiting.answer !== null) {
			this.#wrong.set(session.person.id, wrong + 1);
			return false;
		}
		waiting.answer = { session: yes ? session : null };
		return true;
	}

	outcome(deviceCode: string): DeviceOutcome {
		this.#forgetOld();
		const digest = digestOf(deviceCode);
		for (const [short, waiting] of this.#waiting) {
			if (waiting.digest !== digest) continue;
			if (waiting.answer === null) return { outcome: "pending" };
			this.#waiting.delete(short);
			return waiting.answer.session === null ? { outcome: "denied" } : { outcome: "approved", session: waiting.answer.session };
		}
		return { outcome: "unknown" };
	}

	clear(): void {
		this.#waiting.clear();
	}

	#forgetOld(): void {
		const now = this.#now();
		for (const [short, { expiresAt }] of this.#waiting) if (now >= expiresAt) this.#waiting.delete(short);
		if (now - this.#wrongSince < LIFETIME_MS) return;
		this.#wrongSince = now;
		this.#wrong.clear();
	}
}

function newShortCode(): string {
	return Array.from({ length: LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join("");
}
