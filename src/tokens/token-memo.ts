/**
 * Tokens that were found good a while ago, so that a signature is verified, or a provider asked, once and not with every request.
 *
 *  - Kept is an HMAC of the token under a key that this process made and never tells, and what the token claims; never the token.
 *  - Known again until its time here is over; kept until it expires, since what its holder began may run for longer. The number is bounded, and so is what
 *    the claims take; the one not used for longest goes first.
 *  - Claims are kept as they were written, so that rules that change can be asked again about whoever is here.
 */
import { createHmac, hash, randomBytes } from "node:crypto";

import type { Principal } from "../model/principal.ts";

export interface RememberedToken {
	readonly issuer: string;
	/** Of the issuer's keys; those of an earlier one are to be proved anew. */
	readonly generation: number;
	/** Unix ms: until then it is known again without a check. */
	readonly until: number;
	/** Unix ms. */
	readonly expiresAt: number;
	/** What callers are told; one object for as long as nothing changes. */
	readonly verdict: { readonly principal: Principal; readonly certificate: string | null };
	readonly claims: string;
}

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Room for what is usual. */
const ROOM = 4_096;
const MOST = 10_000;
const MOST_CHARACTERS = 16 * 1024 * 1024;

export class TokenMemo {
	readonly #key = randomBytes(32);
	/** The padded key and room for a token: two one-shot hashes over these take half the time of `createHmac`. */
	readonly #inner = Buffer.alloc(BLOCK_BYTES + ROOM, 0x36);
	readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c);
	readonly #tokens = new Map<string, RememberedToken>();
	readonly #most: number;
	readonly #mostCharacters: number;
	#characters = 0;

	constructor(most = MOST, mostCharacters = MOST_CHARACTERS) {
		for (const [index, byte] of this.#key.entries()) {
			this.#inner.writeUInt8(byte ^ 0x36, index);
			this.#outer.writeUInt8(byte ^ 0x5c, index);
		}
		this.#most = most;
		this.#mostCharacters = mostCharacters;
	}

	get size(): number {
		return this.#tokens.size;
	}

	/** What stands for the token, which is ASCII; means nothing outside this process. RFC 2104. */
	tagOf(token: string): string {
		if (token.length > ROOM) return this.slowTagOf(token);
		const bytes = this.#inner.write(token, BLOCK_BYTES, "latin1");
		this.#outer.write(hash("sha256", this.#inner.subarray(0, BLOCK_BYTES + bytes), "latin1"), BLOCK_BYTES, "latin1");
		return hash("sha256", this.#outer, "base64");
	}

	/** The same, of any length; a test compares them. */
	slowTagOf(token: string): string {
		return createHmac("sha256", this.#key).update(token, "latin1").digest("base64");
	}

	find(tag: string, now: number): RememberedToken | null {
		const token = this.#tokens.get(tag);
		if (token === undefined) return null;
		this.#tokens.delete(tag);
		if (token.expiresAt <= now) {
			this.#characters -= token.claims.length;
			return null;
		}
		this.#tokens.set(tag, token);
		return token.until <= now ? null : token;
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
