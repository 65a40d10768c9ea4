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

/** Flat, and with the texts that the key has anyway: of a hundred thousand keys asked in turn, each further object is a place in memory to wait for. */
interface Entry {
	readonly key: ApiKey;
	/** One object for as long as the key does not change, so whatever is derived from a principal can be kept beside it. */
	readonly accepted: { readonly principal: Principal };
	/** MACs in hexadecimal digits. In place of a secret that is not there stand random ones, which no MAC equals. */
	readonly newest: string;
	readonly older: string;
	readonly newestExpiresAt: number | null;
	readonly olderExpiresAt: number | null;
	readonly expiresAt: number | null;
	readonly revoked: boolean;
}

const MAC_DIGITS = 64;
/** What is hashed in place of a text that is no key; it opens nothing, since the outcome is not looked at. */
const STAND_IN = formatKey("0".repeat(8), "0".repeat(32));

export class MemoryKeyRing implements KeyRing {
	readonly signatures: SignatureRing | null;
	readonly certificates: CertificateRing | null;
	readonly #mac: KeyMac;
	readonly #entries = new Map<string, Entry>();
	/** Of each role its one text: a store reads a new one for each key. */
	readonly #roles = new Map<string, string>();
	readonly #nobody = randomBytes(MAC_DIGITS / 2).toString("hex");
	/** Reused: `verify` is synchronous. */
	readonly #presented = Buffer.alloc(MAC_DIGITS);
	readonly #stored = Buffer.alloc(MAC_DIGITS);

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
		const role = this.#roles.get(key.role) ?? key.role;
		this.#roles.set(role, role);
		this.#entries.set(key.id, {
			key,
			accepted: { principal: principalOfKey({ ...key, role }) },
			newest: this.#macOf(newest),
			older: this.#macOf(older),
			newestExpiresAt: newest?.expiresAt ?? null,
			olderExpiresAt: older?.expiresAt ?? null,
			expiresAt: key.expiresAt,
			revoked: key.revokedAt !== null,
		});
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

		this.#presented.write(this.#mac.macOf(parsed === null ? STAND_IN : credential), 0, "latin1");
		const isNewest = this.#isPresented(entry?.newest ?? this.#nobody);
		const isOlder = this.#isPresented(entry?.older ?? this.#nobody);

		if (parsed === null) return { refused: "credential-malformed", keyId: null };
		if (entry === undefined) return { refused: "credential-unknown", keyId: parsed.id };
		if (!isNewest && !isOlder) return { refused: "credential-wrong", keyId: parsed.id };
		if (entry.revoked) return { refused: "credential-revoked", keyId: parsed.id };
		if (isPast(entry.expiresAt, now) || isPast(isNewest ? entry.newestExpiresAt : entry.olderExpiresAt, now)) {
			return { refused: "credential-expired", keyId: parsed.id };
		}
		return entry.accepted;
	}

	#isPresented(mac: string): boolean {
		this.#stored.write(mac, 0, "latin1");
		return timingSafeEqual(this.#presented, this.#stored);
	}

	#macOf(secret: KeySecret | undefined): string {
		// A MAC of another length (a damaged store) becomes one that matches nothing: refused, not crashed on.
		return secret?.mac.length === MAC_DIGITS ? secret.mac : this.#nobody;
	}
}

function isPast(expiresAt: number | null, now: number): boolean {
	return expiresAt !== null && now >= expiresAt;
}
