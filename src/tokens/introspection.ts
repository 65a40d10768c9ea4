/**
 * Asks a provider about a token that only it can read (RFC 7662).
 *
 *  - The provider is asked with our own credentials, over the connection that its certificate vouches for, so its answer needs no signature.
 *  - `active` has to be true and nothing else. An answer that is not one, or a provider that will not talk to us, is a fault: nothing was told.
 *  - What the answer leaves out is not made up, but for what RFC 7662 leaves to the provider: no `iss` means the one that was asked, no `exp` that the
 *    answer is believed for as long as any; no `sub` that a client speaks for itself.
 */
import { Fault } from "../model/fault.ts";
import type { IntrospectionSpec } from "../model/issuer-spec.ts";
import type { DocumentAnswer, DocumentSource } from "../ports/document-source.ts";
import { Secret } from "../std/secret.ts";
import { type JsonObject, parseUnambiguousJson } from "../std/unambiguous-json.ts";

const MOST_BYTES = 64 * 1024;
const TIMEOUT_MS = 5_000;

/** The claims of a token that is active; null for one that is not, or that the provider does not know. Rejects with a Fault where it could not be told. */
export async function introspect(
	token: string,
	endpoint: string,
	issuer: string,
	{ clientId, clientSecret }: IntrospectionSpec,
	source: DocumentSource,
): Promise<JsonObject | null> {
	const answer = await source
		.ask({
			url: endpoint,
			form: { token, token_type_hint: "access_token" },
			authorization: basic(clientId, clientSecret),
			mostBytes: MOST_BYTES,
			timeoutMs: TIMEOUT_MS,
		})
		.catch((cause: unknown) => {
			throw unavailable(issuer, cause instanceof Error ? cause.message : String(cause));
		});
	const claims = claimsIn(answer, issuer);
	if (claims["active"] === false) return null;
	if (claims["active"] !== true) throw unavailable(issuer, "its introspection says neither that the token is active nor that it is not");
	const { iss = issuer, sub, client_id: client } = claims;
	// No subject of anybody has a space before what a provider calls a client, so a client is nobody else (RFC 9068 §5).
	const subject = sub === undefined && typeof client === "string" ? `client ${client}` : sub;
	return { ...claims, iss, sub: subject };
}

function claimsIn({ status, body }: DocumentAnswer, issuer: string): JsonObject {
	if (status !== 200) throw unavailable(issuer, `its introspection answers ${status}; are client_id and client_secret right?`);
	const parsed = parseUnambiguousJson(body.toString("utf8"));
	if ("problem" in parsed) throw unavailable(issuer, `its introspection's answer is ${parsed.problem}`);
	return parsed.object;
}

/** RFC 6749 §2.3.1: both are form-encoded before they are put together. */
function basic(clientId: string, clientSecret: Secret): Secret {
	const encoded = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1);
	return new Secret(`Basic ${Buffer.from(`${encoded(clientId)}:${encoded(clientSecret.reveal())}`).toString("base64")}`);
}

function unavailable(issuer: string, why: string): Fault {
	return new Fault("identity-provider-unavailable", `${issuer}: ${why}`);
}
