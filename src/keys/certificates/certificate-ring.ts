/**
 * Client certificates that open something: those that were issued here, by the digest of the very certificate, and those of an outside authority, by rule.
 *
 *  - One issued here is looked up, not believed: whoever got hold of the CA's key could make another, and it would open nothing.
 *  - Validity, removal and the list of revoked serials are looked at with every request, so they hold on open connections too.
 *  - What an outside authority vouches for is asked anew after a reload.
 */
import { createHash } from "node:crypto";

import type { EnrolledPrincipal } from "../../model/enrolled-principal.ts";
import { NO_GROUPS, type Principal } from "../../model/principal.ts";
import type { CertificateRing, CertificateVerdict, PresentedCertificate } from "../../ports/certificate-ring.ts";
import type { EnrolledRing } from "../enrolled/enrolled-ring.ts";
import { principalOfEnrolled } from "../principal-of.ts";
import { type CertificateRule, type RuleMatcher, ruleMatcher } from "./certificate-rule.ts";

export interface CertificateRingSettings {
	readonly rules: readonly CertificateRule[];
	/** As `plainSerial` writes them. */
	readonly revoked: readonly string[];
	/** Roles whose keys are good only together with a certificate. */
	readonly withKey: readonly string[];
}

interface Entry {
	readonly enrolled: EnrolledPrincipal;
	readonly accepted: { readonly principal: Principal };
}

/** Principals of outside certificates that were let in lately, so that what runs for a revoked one can be found. */
const REMEMBERED_MAX = 10_000;

export class MemoryCertificateRing implements CertificateRing, EnrolledRing {
	readonly #entries = new Map<string, Entry>();
	#match: RuleMatcher = () => null;
	#revoked: ReadonlySet<string> = new Set();
	#withKey: ReadonlySet<string> = new Set();
	/** By certificate; a new map with every change of the settings. */
	#outside = new WeakMap<PresentedCertificate, { readonly principal: Principal }>();
	readonly #seen = new Map<string, Set<string>>();

	constructor(settings: CertificateRingSettings) {
		this.adjust(settings);
	}

	/** The ids of principals whose running answers are to be ended: those of serials that were not revoked before. */
	adjust({ rules, revoked, withKey }: CertificateRingSettings): readonly string[] {
		const before = this.#revoked;
		this.#match = ruleMatcher(rules);
		this.#revoked = new Set(revoked);
		this.#withKey = new Set(withKey);
		this.#outside = new WeakMap();
		return revoked.filter((serial) => !before.has(serial)).flatMap((serial) => [...(this.#seen.get(serial) ?? [])]);
	}

	/** Adds a principal, or takes over its change; one without a certificate is none of ours. */
	put(enrolled: EnrolledPrincipal): void {
		const { credential } = enrolled;
		if (credential.kind !== "certificate") return;
		this.#entries.set(credential.sha256, {
			enrolled,
			accepted: { principal: principalOfEnrolled(enrolled) },
		});
	}

	demandedWith(role: string): boolean {
		return this.#withKey.has(role);
	}

	verify(presented: PresentedCertificate, now: number): CertificateVerdict {
		const { sha256, serial, notBefore, notAfter } = presented;
		const entry = this.#entries.get(sha256);
		const detail = entry?.enrolled.id ?? `certificate ${serial}`;
		if (this.#revoked.has(serial)) return { refused: "credential-revoked", detail };
		// Written so that a time that could not be read is no validity.
		if (!(now >= notBefore && now < notAfter)) return { refused: "credential-expired", detail };
		if (entry !== undefined) {
			const { revokedAt, expiresAt } = entry.enrolled;
			if (revokedAt !== null) return { refused: "credential-revoked", detail };
			if (expiresAt !== null && now >= expiresAt) return { refused: "credential-expired", detail };
			this.#remember(serial, entry.enrolled.id);
			return entry.accepted;
		}
		const known = this.#outside.get(presented);
		const names = presented.vouched();
		if (names === null) return { refused: "credential-unknown", detail };
		if (known !== undefined) return known;
		const match = this.#match(names);
		if (match === null) return { refused: "credential-unknown", detail: `${detail}, which no rule fits` };
		const { rule, name } = match;
		const id = `crt_${createHash("sha256").update(`${rule.field}=${name}`).digest("hex").slice(0, 12)}`;
		const accepted = { principal: { kind: "certificate", id, name, role: rule.role, models: rule.models, groups: NO_GROUPS } } as const;
		this.#outside.set(presented, accepted);
		this.#remember(serial, id);
		return accepted;
	}

	#remember(serial: string, id: string): void {
		const ids = this.#seen.get(serial);
		if (ids !== undefined) {
			ids.add(id);
			return;
		}
		if (this.#seen.size >= REMEMBERED_MAX) {
			for (const oldest of this.#seen.keys()) {
				this.#seen.delete(oldest);
				break;
			}
		}
		this.#seen.set(serial, new Set([id]));
	}
}
