/**
 * Credentials that were found right a while ago, so that a caller pays for the slow hash once and not with every request.
 *
 *  - Kept is an HMAC under a key that this process made and never tells, over network, user, stored hash and password. Nothing on disk, nothing to
 *    reverse without the process's own memory, in which every caller's password passes by anyhow.
 *  - The stored hash is part of it: a line that changes is forgotten by that, and the users beside it are not.
 *  - So is the network: what somebody proved at one address opens nothing, at any speed, for whoever guesses at another.
 *  - Two one-shot hashes over buffers that already hold the padded key: half the time of `createHmac`. A test compares it with that.
 *  - Each counts for `lifetimeMs`, however busy; for a month more it is still told from what was never right. Bounded; the one not used for longest
 *    goes first.
 */
import { hash, randomBytes } from "node:crypto";

const MOST = 10_000;
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** Room for what is usual; longer texts get a buffer of their own. */
const ROOM = 1024;

/** As long as an account that was right counts as known at its network. */
const STALE_FOR_MS = 30 * 86_400_000;

/** fresh: it counts · stale: it counted once, and has to be checked again. */
export type Recall = "fresh" | "stale" | "unknown";

export interface Presented {
	readonly network: string;
	readonly user: string;
	/** The user's line; a stand-in's where there is no such user. */
	readonly stored: string;
	readonly password: string;
}

export class CredentialMemo {
	readonly #inner = Buffer.alloc(BLOCK_BYTES + ROOM, 0x36);
	readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c);
	readonly #expiries = new Map<string, number>();
	readonly #most: number;

	constructor(most = MOST, key: Uint8Array = randomBytes(32)) {
		this.#most = most;
		for (const [index, byte] of key.entries()) {
			this.#inner.writeUInt8(byte ^ 0x36, index);
			this.#outer.writeUInt8(byte ^ 0x5c, index);
		}
	}

	/** What stands for the credential; means nothing outside this process. */
	tagOf({ network, user, stored, password }: Presented): string {
		// Line feeds are in none of the first three, so that no two credentials run together into one text.
		return this.#macOf(`${network}\n${user}\n${stored}\n${password}`);
	}

	/** `now`: monotonic ms. */
	recall(tag: string, now: number): Recall {
		const expiresAt = this.#expiries.get(tag);
		if (expiresAt === undefined) return "unknown";
		this.#expiries.delete(tag);
		if (expiresAt <= now - STALE_FOR_MS) return "unknown";
		this.#expiries.set(tag, expiresAt);
		return expiresAt > now ? "fresh" : "stale";
	}

	add(tag: string, now: number, lifetimeMs: number): void {
		if (lifetimeMs <= 0) return;
		this.#expiries.delete(tag);
		this.#expiries.set(tag, now + lifetimeMs);
		if (this.#expiries.size <= this.#most) return;
		const [oldest] = this.#expiries.keys();
		if (oldest !== undefined) this.#expiries.delete(oldest);
	}

	/** RFC 2104, of UTF-8. */
	#macOf(text: string): string {
		// Three bytes a unit is the most that UTF-8 takes.
		const fits = text.length * 3 <= ROOM || Buffer.byteLength(text) <= ROOM;
		const inner = fits ? this.#inner : Buffer.concat([this.#inner.subarray(0, BLOCK_BYTES), Buffer.alloc(Buffer.byteLength(text))]);
		const bytes = inner.write(text, BLOCK_BYTES, "utf8");
		this.#outer.write(hash("sha256", inner.subarray(0, BLOCK_BYTES + bytes), "latin1"), BLOCK_BYTES, "latin1");
		return hash("sha256", this.#outer, "base64");
	}

	get size(): number {
		return this.#expiries.size;
	}
}
