/**
 * The keys in force, in memory: who sends this credential?
 *
 *  - The same work whatever is wrong: one HMAC and two constant-time comparisons, whether the text is malformed, the id unknown, the secret wrong
 *    or the key revoked. Time says neither which ids exist nor how much of a guess was right.
 *  - Expiry and revocation are decided after the MAC matched, so only who holds a secret can make the record say "revoked" or "expired".
 *  - A changed key counts from the very next request; the hot path never waits for a store.
 *  - No memo of credentials already verified: it would keep secrets in memory and break the first promise to save one microsecond.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";

import type { ApiKey, KeySecret } from "../model/api-key.ts";
import type { Principal } from "../model/principal.ts";
import type { Reason } from "../model/reason.ts";
import type { CertificateRing } from "../ports/certificate-ring.ts";
import type { KeyRing } from "../ports/key-ring.ts";
import type { SignatureRing } from "../ports/signature-ring.ts";

import { formatKey, parseKey } from "./key-format.ts";
import type { KeyMac } from "./key-mac.ts";
import { principalOfKey } from "./principal-of.ts";

export interface Refused {
	readonly refused: Reason;
	/** As the caller claims it; well-formed, so safe to record, but not proved. Null where the text was not even a key. */
	readonly keyId: string | null;
}

interface Entry {
	readonly key: ApiKey;
	/** One object for as long as the key does not change, so whatever is derived from a principal can be kept beside it. */
	readonly accepted: { readonly principal: Principal };
	readonly newest: Slot;
	readonly older: Slot;
}

interface Slot {
	/** Hexadecimal digits as bytes. A slot without a secret holds random ones, which no MAC equals. */
	readonly mac: Buffer;
	readonly expiresAt: number | null;
}

const MAC_DIGITS = 64;
/** What is hashed in place of a text that is no key; it opens nothing, since the outcome is not looked at. */
const STAND_IN = formatKey("0".repeat(8), "0".repeat(32));

export class MemoryKeyRing implements KeyRing {
	readonly signatures: SignatureRing | null;
	readonly certificates: CertificateRing | null;
	readonly #mac: KeyMac;
	readonly #entries = new Map<string, Entry>();
	readonly #nobody: Slot = { mac: randomBytes(MAC_DIGITS), expiresAt: null };
	/** Reused: `verify` is synchronous. */
	readonly #presented = Buffer.alloc(MAC_DIGITS);

	constructor(mac: KeyMac, signatures: SignatureRing | null = null, certificates: CertificateRing | null = null) {
		this.#mac = mac;
		this.signatures = signatures;
		this.certificates = certificates;
	}

	/** Replaces everything: what a store holds at start. */
	load(all: Iterable<ApiKey>): void {
		this.#entries.clear();
		for (const key of all) this.put(key);
	}

	/** Adds a key, or takes over its change. Effective when this returns. */
	put(key: ApiKey): void {
		const [newest, older] = key.secrets;
		const accepted = { principal: principalOfKey(key) };
		this.#entries.set(key.id, { key, accepted, newest: this.#slotOf(newest), older: this.#slotOf(older) });
	}

	find(id: string): ApiKey | null {
		return this.#entries.get(id)?.key ?? null;
	}

	/** In the order in which they were added. */
	*keys(): Iterable<ApiKey> {
		for (const entry of this.#entries.values()) yield entry.key;
	}

	verify(credential: string, now: number): { readonly principal: Principal } | Refused {
		const parsed = parseKey(credential);
		const entry = parsed === null ? undefined : this.#entries.get(parsed.id);
		const newest = entry?.newest ?? this.#nobody;
		const older = entry?.older ?? this.#nobody;

		this.#presented.write(this.#mac.macOf(parsed === null ? STAND_IN : credential), 0, "latin1");
		const isNewest = timingSafeEqual(this.#presented, newest.mac);
		const isOlder = timingSafeEqual(this.#presented, older.mac);

		if (parsed === null) return { refused: "credential-malformed", keyId: null };
		if (entry === undefined) return { refused: "credential-unknown", keyId: parsed.id };
		if (!isNewest && !isOlder) return { refused: "credential-wrong", keyId: parsed.id };
		if (entry.key.revokedAt !== null) return { refused: "credential-revoked", keyId: parsed.id };
		if (isPast(entry.key.expiresAt, now) || isPast((isNewest ? newest : older).expiresAt, now)) {
			return { refused: "credential-expired", keyId: parsed.id };
		}
		return entry.accepted;
	}

	#slotOf(secret: KeySecret | undefined): Slot {
		// A MAC of another length (a damaged store) becomes one that matches nothing: refused, not crashed on.
		if (secret === undefined || secret.mac.length !== MAC_DIGITS) return this.#nobody;
		return { mac: Buffer.from(secret.mac, "latin1"), expiresAt: secret.expiresAt };
	}
}

function isPast(expiresAt: number | null, now: number): boolean {
	return expiresAt !== null && now >= expiresAt;
}
