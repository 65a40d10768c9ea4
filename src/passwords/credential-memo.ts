/**
 * Credentials that were found right a while ago, so that a caller pays for the slow hash once and not with every request.
 *
 *  - Kept is an HMAC under a key that this process made and never tells, over network, user, stored hash and password. Nothing on disk, nothing to
 *    reverse without the process's own memory, in which every caller's password passes by anyhow.
 *  - The stored hash is part of it: a line that changes is forgotten by that, and the users beside it are not.
 *  - So is the network: what somebody proved at one address opens nothing, at any speed, for whoever guesses at another.
 *  - Bounded; the one not used for longest goes first. Each is forgotten after `lifetimeMs`, however busy.
 */
import { createHmac, randomBytes } from "node:crypto";

const MOST = 10_000;

export interface Presented {
	readonly network: string;
	readonly user: string;
	/** The user's line; a stand-in's where there is no such user. */
	readonly stored: string;
	readonly password: string;
}

export class CredentialMemo {
	readonly #key = randomBytes(32);
	readonly #expiries = new Map<string, number>();
	readonly #most: number;

	constructor(most = MOST) {
		this.#most = most;
	}

	/** What stands for the credential; means nothing outside this process. */
	tagOf({ network, user, stored, password }: Presented): string {
		// Line feeds are in none of the first three, so that no two credentials run together into one text.
		return createHmac("sha256", this.#key).update(`${network}\n${user}\n${stored}\n${password}`).digest("base64");
	}

	/** `now`: monotonic ms. */
	has(tag: string, now: number): boolean {
		const expiresAt = this.#expiries.get(tag);
		if (expiresAt === undefined) return false;
		this.#expiries.delete(tag);
		if (expiresAt <= now) return false;
		this.#expiries.set(tag, expiresAt);
		return true;
	}

	add(tag: string, now: number, lifetimeMs: number): void {
		if (lifetimeMs <= 0) return;
		this.#expiries.delete(tag);
		this.#expiries.set(tag, now + lifetimeMs);
		if (this.#expiries.size <= this.#most) return;
		const [oldest] = this.#expiries.keys();
		if (oldest !== undefined) this.#expiries.delete(oldest);
	}

	get size(): number {
		return this.#expiries.size;
	}
}
