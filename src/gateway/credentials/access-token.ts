/**
 * Access tokens of identity providers (RFC 6750), sent as `Authorization: Bearer` and in no other field.
 *
 *  - One that is bound to a client certificate (RFC 8705) is good on connections that show that certificate, and on no others. It and its certificate are
 *    one credential, not two.
 */
import { certificateOf } from "../../http/presented-certificate.ts";
import { type Decision, deny, permit } from "../../model/decision.ts";
import type { TokenChecker, TokenVerdict } from "../../ports/token-checker.ts";
import { type Identified, identifiedAs, type Received } from "../exchange.ts";

/** Those whose token is bound to the certificate that they showed. */
const BOUND = new WeakSet<Identified>();

/** A token in a field for keys is looked at as a key. */
export function isAccessToken({ head }: Received, credential: string, tokens: TokenChecker): boolean {
	if (!tokens.takes(credential)) return false;
	const field = head.fields.get("authorization");
	return field !== undefined && /^bearer /i.test(field) && field.endsWith(credential);
}

/** At once where the token is remembered or cannot be one; else when it was verified or its provider has answered. */
export function identifyToken(
	received: Received,
	token: string,
	tokens: TokenChecker,
): Decision<Identified> | Promise<Decision<Identified>> {
	const verdict = tokens.verify(token, received.caller.peer);
	return verdict instanceof Promise ? verdict.then((late) => decided(received, late)) : decided(received, verdict);
}

export function isBoundToCertificate(identified: Identified): boolean {
	return BOUND.has(identified);
}

function decided(received: Received, verdict: TokenVerdict): Decision<Identified> {
	if ("refused" in verdict) return deny(verdict.refused, verdict.detail, verdict.retryAfterMs);
	const { principal, certificate } = verdict;
	const identified = identifiedAs(received, principal);
	if (certificate === null) return permit(identified);
	const shown = certificateOf(received.caller)?.sha256;
	if (shown !== certificate) {
		return deny("credential-incomplete", `${principal.id}, whose token is bound to a certificate that was not shown`);
	}
	BOUND.add(identified);
	return permit(identified);
}
