/**
 * The signature of the `ollama` program: an Authorization field without a scheme, which no other kind of credential can be taken for.
 *
 * Only the field in which the program sends it counts. The same text elsewhere is a credential too, and a bad one.
 */
import { type Decision, deny, permit } from "../../model/decision.ts";
import type { SignatureRing } from "../../ports/signature-ring.ts";
import { type Identified, identifiedAs, type Received } from "../exchange.ts";

/** Base64 of what every Ed25519 public key begins with in SSH's wire form. */
const PUBLIC_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAI";

export function isOllamaSignature(credential: string): boolean {
	return credential.startsWith(PUBLIC_KEY);
}

export function identifySigned(received: Received, credential: string, ring: SignatureRing | null, now: number): Decision<Identified> {
	const { head, caller } = received;
	if (ring === null || head.fields.get("authorization") !== credential) return deny("credential-malformed");
	const { method, target, query } = head;
	const verdict = ring.verify(credential, { method, target, query, encrypted: caller.encrypted, peer: caller.peer }, now);
	if ("refused" in verdict) return deny(verdict.refused, verdict.detail);
	return permit(identifiedAs(received, verdict.principal));
}
