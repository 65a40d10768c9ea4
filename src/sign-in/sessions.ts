/**
 * Who is signed in, in memory: a restart signs everybody out.
 *
 *  - Of a token only the digest is kept. Whoever reads this memory's map can open nothing with it.
 *  - Sessions end after a time without use, after a time in any case, at sign-out, and when the rules change by which they were opened.
 *  - Their number is bounded: one person's oldest makes room for the newest, and when all are taken, nobody else's is ended for it.
 */
import { randomBytes } from "node:crypto";

import type { Clock } from "../std/clock.ts";
import type { Secret } from "../std/secret.ts";
import type { Person, Way } from "./person.ts";
import { digestOf, newSessionToken, newToken, SESSION_TOKEN } from "./token.ts";

export interface Session {
	/** To name it by; opens nothing. */
	readonly id: string;
	readonly person: Person;
	readonly way: Way;
	/** What a page of ours sends along to change something. */
	readonly csrf: string;
	/** The provider's proof, which it wants back at sign-out; null where it gave none to keep. */
	readonly idToken: Secret | null;
	/** When the person signed in; Unix ms. */
	readonly createdAt: number;
	/** Unix ms. */
	readonly lastUsedAt: number;
}

export interface SessionLimits {
	readonly idleMs: number;
	readonly lifetimeMs: number;
	readonly maxSessions: number;
}

export type SessionEnd =
	| "signed out"
	| "signed in again"
	| "idle"
	| "too old"
	| "too many of one person"
	| "the rules changed"
	| "ended by an administrator";

export interface SessionsDeps {
	readonly now: Clock;
	readonly limits: SessionLimits;
	/** `by`: the administrator who ended it; null where nobody did. */
	readonly onEnded: (session: Session, why: SessionEnd, by: string | null) => void;
}

const PER_PERSON = 10;

type Held = Session & { lastUsedAt: number };

export class Sessions {
	readonly #deps: SessionsDeps;
	#limits: SessionLimits;
	/** By the digest of its token. */
	readonly #held = new Map<string, Held>();

	constructor(deps: SessionsDeps) {
		this.#deps = deps;
		this.#limits = deps.limits;
	}

	/**
	 * Null where there is no room. A token is new at each call: none that somebody had before signing in ever becomes valid (session fixation).
	 * `since`: when the person signed in, where that was before; lifetimes count from there.
	 */
	open(
		person: Person,
		way: Way,
		idToken: Secret | null,
		since: number | null = null,
	): { readonly token: Secret; readonly session: Session } | null {
		this.sweep();
		const own = [...this.#held.values()]
			.filter((held) => held.person.id === person.id)
			.toSorted((one, other) => one.lastUsedAt - other.lastUsedAt);
		const [oldest] = own;
		if (oldest !== undefined && own.length >= PER_PERSON) this.end(oldest.id, "too many of one person");
		if (this.#held.size >= this.#limits.maxSessions) return null;
		const token = newSessionToken();
		const now = this.#deps.now();
		const session: Held = {
			id: randomBytes(6).toString("hex"),
			person,
			way,
			csrf: newToken(),
			idToken,
			createdAt: since ?? now,
			lastUsedAt: now,
		};
		this.#held.set(digestOf(token.reveal()), session);
		return { token, session };
	}

	/** When it ends in any case; Unix ms. */
	expiryOf({ createdAt }: Session): number {
		return createdAt + this.#limits.lifetimeMs;
	}

	/** Counts as use. Null where there is no such session, or none any more. */
	find(token: string): Session | null {
		if (!SESSION_TOKEN.test(token)) return null;
		const digest = digestOf(token);
		const held = this.#held.get(digest);
		if (held === undefined) return null;
		const over = this.#overFor(held);
		if (over !== null) {
			this.#drop(digest, held, over);
			return null;
		}
		held.lastUsedAt = this.#deps.now();
		return held;
	}

	all(): readonly Session[] {
		this.sweep();
		return [...this.#held.values()];
	}

	/** False where there is no such session. */
	end(id: string, why: SessionEnd, by: string | null = null): boolean {
		for (const [digest, held] of this.#held) {
			if (held.id !== id) continue;
			this.#drop(digest, held, why, by);
			return true;
		}
		return false;
	}

	endAll(why: SessionEnd): void {
		for (const [digest, held] of this.#held) this.#drop(digest, held, why);
	}

	/** Drops those whose time is over, so that they are told of when it is and not when somebody asks. */
	sweep(): void {
		for (const [digest, held] of this.#held) {
			const over = this.#overFor(held);
			if (over !== null) this.#drop(digest, held, over);
		}
	}

	/** Holds for those that are there as well. */
	adjust(limits: SessionLimits): void {
		this.#limits = limits;
	}

	/** A clock that was set back would make a session live on, so it ends. */
	#overFor({ createdAt, lastUsedAt }: Held): SessionEnd | null {
		const now = this.#deps.now();
		if (now - createdAt >= this.#limits.lifetimeMs || now < createdAt) return "too old";
		return now - lastUsedAt >= this.#limits.idleMs ? "idle" : null;
	}

	#drop(digest: string, held: Held, why: SessionEnd, by: string | null = null): void {
		this.#held.delete(digest);
		this.#deps.onEnded(held, why, by);
	}
}
