/**
 * A client certificate, alone or together with another credential.
 *
 *  - Alone it is a credential like any other.
 *  - With another one it is a second credential and so a refusal, except where the role of the other demands a certificate; then it must be good, and of
 *    the same role. The principal is the other credential's.
 *  - An access token that is bound to this very certificate is one credential with it.
 *  - Where a role demands both, neither is enough alone.
 */
import { type Decision, deny, permit } from "../../model/decision.ts";
import type { Policy } from "../../policy/compile.ts";
import type { CertificateRing, PresentedCertificate } from "../../ports/certificate-ring.ts";
import { type Identified, identifiedAs, type Received } from "../exchange.ts";
import { isBoundToCertificate } from "./access-token.ts";

export interface CertificateJudges {
	readonly ring: CertificateRing;
	readonly policy: Policy;
	/** Unix ms. */
	readonly now: number;
}

/** By `identities.certificates.with_key` or by the role's own `require`. */
function isDemanded(role: string, ring: CertificateRing, policy: Policy): boolean {
	return ring.demandedWith(role) || policy.demandsCertificate(role);
}

/** `other` is what the header fields gave: `credential-missing` where they hold no credential. */
export function identifyWithCertificate(
	received: Received,
	presented: PresentedCertificate | null,
	other: Decision<Identified>,
	{ ring, policy, now }: CertificateJudges,
): Decision<Identified> {
	const demanded = other.permitted && isDemanded(other.value.principal.role, ring, policy);
	if (presented === null) {
		return demanded ? deny("credential-incomplete", `${other.value.principal.id} without its certificate`) : other;
	}
	const verdict = ring.verify(presented, now);
	if (other.permitted) {
		if (!demanded && isBoundToCertificate(other.value)) return other;
		if (!demanded) return deny("credential-ambiguous", "a certificate and another credential");
		if ("refused" in verdict) return deny(verdict.refused, verdict.detail);
		if (verdict.principal.role === other.value.principal.role) return other;
		return deny("credential-incomplete", `${other.value.principal.id} with the certificate of another role, ${verdict.principal.id}`);
	}
	if (other.reason !== "credential-missing") return other;
	if ("refused" in verdict) return deny(verdict.refused, verdict.detail);
	if (ring.demandedWith(verdict.principal.role))
		return deny("credential-incomplete", `${verdict.principal.id} with nothing but its certificate`);
	return permit(identifiedAs(received, verdict.principal));
}
