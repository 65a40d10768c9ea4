/**
 * The public keys of enrolled `ollama` clients, and the check of what they sign.
 *
 *  - What a signature says about itself (form, time, transport) is judged before it is verified: it costs nothing and reveals nothing.
 *  - An unknown public key is verified against one of nobody's, so time does not tell it from a known one with a wrong signature. Failures are bounded
 *    for each network, and for each known key within a network, so a stranger's cannot use up the room of an honest caller beside him. Beyond that
 *    bound nothing is verified, and time can tell whether a public key, which one must have seen to try it, is enrolled.
 *  - What was verified is remembered: a client's second request of the same second costs microseconds. This is a cache, not a defence against replay:
 *    two honest requests to one path within a second carry the same signature, so the same signature twice means nothing.
 *  - Revocation and expiry are looked up every time.
 */
import { generateKeyPairSync, type KeyObject, verify } from "node:crypto";

import type { EnrolledPrincipal } from "../../model/enrolled-principal.ts";
import type { Principal } from "../../model/principal.ts";
import type { SignatureRing, SignatureVerdict, SignedRequest } from "../../ports/signature-ring.ts";
import { FailureBudget } from "../../std/failure-budget.ts";
import { networkOf } from "../../std/network-of.ts";
import type { EnrolledRing } from "../enrolled/enrolled-ring.ts";
import { principalOfEnrolled } from "../principal-of.ts";
import { readOllamaSignature } from "./ollama-signature.ts";
import { fingerprintOfPublicKey, isPublicKey, keyObjectOf } from "./ssh-public-key.ts";

export interface SignatureSettings {
	/** How far a caller's clock may be from ours, either way; for as long a stolen signature works again. */
	readonly clockSkewMs: number;
	/** Whether to accept signatures on connections without TLS. */
	readonly clearText: boolean;
}

interface Entry {
	readonly enrolled: EnrolledPrincipal;
	/** Made when it is first needed: a start with a hundred thousand of them must not wait for that. */
	key: KeyObject | null;
	/** One object for as long as nothing changes, so whatever is derived from a principal can be kept beside it. */
	readonly accepted: { readonly principal: Principal };
}

/** Wider than where passwords are guessed: what a failure costs here is our time, and a public key is nothing to guess. */
const CUSTOMER = { v4: 24, v6: 48 } as const;
const VERIFIED_MAX = 8_192;
/** A tenth of a millisecond each, or somewhat more: a network may cost us 1 or 2 ms a second, all strangers together 20 to 40. */
const EACH = { perSecond: 10, burst: 50 } as const;
const TOGETHER = { perSecond: 200, burst: 1_000 } as const;

export class MemorySignatureRing implements SignatureRing, EnrolledRing {
	#settings: SignatureSettings;
	readonly #entries = new Map<string, Entry>();
	/** What holds for a public key holds whoever has it, so revocation and rights are no matter here. */
	readonly #verified = new Set<string>();
	readonly #strangers = new FailureBudget(EACH, TOGETHER);
	/** Without a bound for all together: a flood from everywhere must not keep out whoever is enrolled. */
	readonly #enrolled = new FailureBudget(EACH, null);
	readonly #nobody = generateKeyPairSync("ed25519").publicKey;

	constructor(settings: SignatureSettings) {
		this.#settings = settings;
	}

	adjust(settings: SignatureSettings): void {
		this.#settings = settings;
	}

	/** Adds a principal, or takes over its change; one that holds no key of this kind is none of ours. */
	put(enrolled: EnrolledPrincipal): void {
		const { id, credential } = enrolled;
		// One that is damaged in the store opens nothing; it must not keep the server from starting.
		if (credential.kind !== "ollama-key" || !isPublicKey(credential.publicKey)) return;
		const known = this.#entries.get(credential.publicKey);
		// A key that was removed may be enrolled again under another id; the removed one must not come back over it.
		if (known !== undefined && known.enrolled.id !== id && enrolled.revokedAt !== null) return;
		this.#entries.set(credential.publicKey, {
			enrolled,
			key: known?.key ?? null,
			accepted: { principal: principalOfEnrolled(enrolled) },
		});
	}

	verify(credential: string, request: SignedRequest, now: number): SignatureVerdict {
		const claimed = readOllamaSignature(credential, request);
		if (claimed === null) return { refused: "credential-malformed", detail: null };
		const { publicKey, seconds, text } = claimed;
		const entry = this.#entries.get(publicKey);
		const who = entry?.enrolled.id ?? null;
		if (!request.encrypted && !this.#settings.clearText) return { refused: "credential-unprotected", detail: who };
		const ahead = seconds - Math.floor(now / 1000);
		if (Math.abs(ahead) * 1000 > this.#settings.clockSkewMs) {
			return {
				refused: "credential-stale",
				detail: `${who ?? "unknown key"}, whose clock is ${Math.abs(ahead)} s ${ahead > 0 ? "ahead" : "behind"}`,
			};
		}

		const holding = `${credential} ${text}`;
		if (entry === undefined || !this.#verified.has(holding)) {
			const budget = entry === undefined ? this.#strangers : this.#enrolled;
			const paying = `${who ?? ""} ${networkOf(request.peer, CUSTOMER)}`;
			const affordable = budget.affords(paying, now);
			if (entry !== undefined) entry.key ??= keyObjectOf(publicKey);
			const holds = affordable && this.#holds(claimed.signature, text, entry?.key ?? this.#nobody);
			if (entry === undefined || !holds) {
				if (affordable) budget.failed(paying, now);
				if (entry === undefined) return { refused: "credential-unknown", detail: fingerprintOfPublicKey(publicKey) };
				return {
					refused: "credential-wrong",
					detail: affordable ? who : `${entry.enrolled.id}, not verified: too many wrong ones from there`,
				};
			}
			this.#remember(holding);
		}
		const { revokedAt, expiresAt } = entry.enrolled;
		if (revokedAt !== null) return { refused: "credential-revoked", detail: who };
		if (expiresAt !== null && now >= expiresAt) return { refused: "credential-expired", detail: who };
		return entry.accepted;
	}

	#holds(signature: string, text: string, key: KeyObject): boolean {
		// Ed25519 hashes by itself: no algorithm is named.
		return verify(null, Buffer.from(text, "latin1"), key, Buffer.from(signature, "base64"));
	}

	#remember(holding: string): void {
		if (this.#verified.size >= VERIFIED_MAX) {
			// The oldest half: signatures older than the skew are refused before they are looked up, so nothing of worth is lost.
			let surplus = VERIFIED_MAX / 2;
			for (const oldest of this.#verified) {
				this.#verified.delete(oldest);
				surplus -= 1;
				if (surplus <= 0) break;
			}
		}
		this.#verified.add(holding);
	}
}
