/**
 * Tokens that were found good a while ago, so that a signature is verified, or a provider asked, once and not with every request.
 *
 *  - Kept is an HMAC of the token under a key that this process made and never tells, and what the token claims; never the token.
 *  - Until the token expires or its time here is over. The number is bounded, and so is what the claims take; the one not used for longest goes first.
 *  - Claims are kept as they were written, so that rules that change can be asked again about whoever is here.
 */
import { createHmac, randomBytes } from "node:crypto";

import type { Principal } from "../model/principal.ts";

export interface RememberedToken {
	readonly issuer: string;
	/** Of the issuer's keys; those of an earlier one are to be proved anew. */
	readonly generation: number;
	/** Unix ms. */
	readonly until: number;
	/** What callers are told; one object for as long as nothing changes. */
	readonly verdict: { readonly principal: Principal; readonly certificate: string | null };
	readonly claims: string;
}

const MOST = 10_000;
const MOST_CHARACTERS = 16 * 1024 * 1024;

export class TokenMemo {
	readonly #key = randomBytes(32);
	readonly #tokens = new Map<string, RememberedToken>();
	readonly #most: number;
	readonly #mostCharacters: number;
	#characters = 0;

	constructor(most = MOST, mostCharacters = MOST_CHARACTERS) {
		this.#most = most;
		this.#mostCharacters = mostCharacters;
	}

	get size(): number {
		return this.#tokens.size;
	}

	/** What stands for the token; means nothing outside this process. */
	tagOf(token: string): string {
		return createHmac("sha256", this.#key).update(token).digest("base64");
	}

	find(tag: string, now: number): RememberedToken | null {
		const token = this.#tokens.get(tag);
		if (token === undefined) return null;
		this.#tokens.delete(tag);
		if (token.until <= now) {
			this.#characters -= token.claims.length;
			return null;
		}
		this.#tokens.set(tag, token);
		return token;
	}

	put(tag: string, token: RememberedToken): void {
		this.forget(tag);
		this.#tokens.set(tag, token);
		this.#characters += token.claims.length;
		for (const oldest of this.#tokens.keys()) {
			if (this.#tokens.size <= this.#most && this.#characters <= this.#mostCharacters) return;
			this.forget(oldest);
		}
	}

	forget(tag: string): void {
		const token = this.#tokens.get(tag);
		if (token === undefined) return;
		this.#characters -= token.claims.length;
		this.#tokens.delete(tag);
	}

	/** May be changed while it is walked through. */
	all(): Iterable<readonly [tag: string, token: RememberedToken]> {
		return [...this.#tokens];
	}
}
