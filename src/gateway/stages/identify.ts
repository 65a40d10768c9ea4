/**
 * identify: who is calling?
 *
 * Turns the credential on a request into a Principal, or refuses. Reads the head only: a stranger's body is never read.
 *
 *  - No credential is a refusal. There is no guest.
 *  - Two different credentials are a refusal: whichever we chose, something else may choose the other. The same one in two fields is one credential,
 *    because SDKs do that.
 *  - A scheme that we do not speak still counts as a credential, so it cannot ride along with a good one.
 *  - Whatever is wrong, the answer is the same and so is the work; only the record tells them apart. That goes for what the caller's role demands
 *    besides (a network, a certificate, a group) too, so it is asked here, before anything of the request is looked at.
 *  - Whoever may not come from its address at all is refused before a credential is looked at.
 */
import { certificateOf } from "../../http/presented-certificate.ts";
import { type Decision, deny, permit } from "../../model/decision.ts";
import type { Policy } from "../../policy/compile.ts";
import { barred, barredAtDoor } from "../../policy/entry/enter.ts";
import type { KeyRing } from "../../ports/key-ring.ts";
import type { PasswordChecker } from "../../ports/password-checker.ts";
import type { TokenChecker } from "../../ports/token-checker.ts";
import type { Clock } from "../../std/clock.ts";
import type { HeaderFields } from "../../wire/header-fields.ts";
import { identifyToken, isAccessToken } from "../credentials/access-token.ts";
import { basicCredential, identifyUser, isUserPassword } from "../credentials/basic.ts";
import { identifyWithCertificate } from "../credentials/certificate.ts";
import { identifySigned, isOllamaSignature } from "../credentials/ollama-signature.ts";
import { type Identified, identifiedAs, type Received } from "../exchange.ts";

export interface IdentifyDeps {
	readonly keys: KeyRing;
	/** Where there is none, a user has no password. */
	readonly passwords?: PasswordChecker;
	/** Where there is none, no identity provider's token is good. */
	readonly tokens?: TokenChecker;
	readonly now: Clock;
}

/** RFC 9110 §11.4: the scheme in any case, one or more spaces, a token68. */
const BEARER = /^bearer +([\w.~+/=-]+)$/i;

/** At once for everything but a user's password or an access token that is not remembered. */
export function identify(received: Received, deps: IdentifyDeps, policy: Policy): Decision<Identified> | Promise<Decision<Identified>> {
	const outside = barredAtDoor(policy, received.caller.peer);
	if (outside !== null) return outside;
	const byFields = identifyByFields(received, deps);
	if (byFields instanceof Promise) return byFields.then((decision) => complete(received, decision, deps, policy));
	return complete(received, byFields, deps, policy);
}

/** What the fields gave, together with the certificate and with what the role demands. */
function complete(received: Received, byFields: Decision<Identified>, deps: IdentifyDeps, policy: Policy): Decision<Identified> {
	const { certificates = null } = deps.keys;
	const presented = certificates === null ? null : certificateOf(received.caller);
	const identified =
		certificates === null
			? byFields
			: identifyWithCertificate(received, presented, byFields, { ring: certificates, policy, now: deps.now() });
	if (!identified.permitted) return identified;
	const { principal } = identified.value;
	if (policy.subjectOf(principal).demands === null) return identified;
	// Where a role demands a certificate, one that was shown and not refused was a good one.
	return barred(policy, { principal, address: received.caller.peer, certificate: presented !== null }) ?? identified;
}

function identifyByFields(
	received: Received,
	{ keys, passwords, tokens, now }: IdentifyDeps,
): Decision<Identified> | Promise<Decision<Identified>> {
	const { fields } = received.head;
	const hasPasswords = passwords?.active === true;
	const credential = credentialOf(fields, hasPasswords);
	if (credential === null) return deny("credential-missing");
	if (credential === AMBIGUOUS) return deny("credential-ambiguous", `${countCredentials(fields, hasPasswords)} different credentials`);
	if (isOllamaSignature(credential)) return identifySigned(received, credential, keys.signatures ?? null, now());
	if (passwords !== undefined && isUserPassword(credential)) return identifyUser(received, credential, passwords);
	if (tokens !== undefined && isAccessToken(received, credential, tokens)) return identifyToken(received, credential, tokens);
	const verified = keys.verify(credential, now());
	if ("refused" in verified) return deny(verified.refused, verified.keyId);
	return permit(identifiedAs(received, verified.principal));
}

/** More than one credential. Not a text that a field can hold. */
const AMBIGUOUS = "\n";

/** The one credential that all fields agree on; null where there is none. A field that we cannot read counts as the empty one, which nobody has. */
function credentialOf(fields: HeaderFields, passwords: boolean): string | null {
	let found: string | null = null;
	for (let at = 0; at < fields.size; at++) {
		const credential = credentialIn(fields.nameAt(at), fields.valueAt(at), passwords);
		if (credential === null || credential === found) continue;
		if (found !== null) return AMBIGUOUS;
		found = credential;
	}
	return found;
}

function countCredentials(fields: HeaderFields, passwords: boolean): number {
	const found = new Set<string>();
	for (const [name, value] of fields) found.add(credentialIn(name, value, passwords) ?? AMBIGUOUS);
	found.delete(AMBIGUOUS);
	return found.size;
}

function credentialIn(name: string, value: string, passwords: boolean): string | null {
	switch (name) {
		case "authorization":
			return isOllamaSignature(value) ? value : (BEARER.exec(value)?.[1] ?? basicCredential(value, passwords));
		case "x-api-key":
		case "api-key":
			return value;
		default:
			return null;
	}
}
