/**
 * What an identity provider publishes about itself: where its keys and its introspection are (OpenID Connect Discovery §4, RFC 8414 §3), and the keys.
 *
 *  - A document counts only if it names the very issuer that is configured: else one issuer of a provider could speak for another (RFC 8414 §3.3).
 *  - Only https is asked, and http on this machine where the operator said so; no redirect is followed; size and time are bounded.
 */

import type { IssuerSpec } from "../model/issuer-spec.ts";
import type { DocumentSource } from "../ports/document-source.ts";
import { leadsToLoopback } from "../std/loopback-host.ts";
import { type JsonObject, parseUnambiguousJson } from "../std/unambiguous-json.ts";
import type { KeySet } from "./key-set.ts";

export interface Metadata {
	readonly keys: string;
	/** Null where there is none. */
	readonly introspection: string | null;
}

export type Published = Pick<IssuerSpec, "issuer" | "jwks" | "clearText">;

const MOST_BYTES = 512 * 1024;
const TIMEOUT_MS = 5_000;

/** Rejects with an Error that says why. */
export async function fetchMetadata({ issuer, clearText }: Published, source: DocumentSource): Promise<Metadata> {
	const base = issuer.replace(/\/$/, "");
	const { origin, pathname } = new URL(base);
	const places = [
		`${base}/.well-known/openid-configuration`,
		`${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, "")}`,
	];
	let why = "";
	for (const place of places) {
		const { status, body } = await get(source, place, clearText);
		if (status === 200) return metadataIn(body.toString("utf8"), issuer, clearText);
		why = why === "" ? `${place} answers ${status}` : why;
	}
	throw new Error(why);
}

export async function fetchKeys(url: string, clearText: boolean, source: DocumentSource): Promise<KeySet> {
	const { status, body } = await get(source, url, clearText);
	if (status !== 200) throw new Error(`${url} answers ${status}`);
	const { readKeySet } = await import("./key-set.ts");
	return readKeySet(body.toString("utf8"));
}

/** Whether an address may be asked at all. */
export function mayBeAsked(text: string, clearText: boolean): boolean {
	const url = URL.parse(text);
	if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") return false;
	if (url.protocol === "https:") return true;
	return clearText && url.protocol === "http:" && leadsToLoopback(url);
}

function get(source: DocumentSource, url: string, clearText: boolean) {
	if (!mayBeAsked(url, clearText)) throw new Error(`${url} is not asked, since it is not https`);
	return source.ask({ url, form: null, authorization: null, mostBytes: MOST_BYTES, timeoutMs: TIMEOUT_MS });
}

function metadataIn(text: string, issuer: string, clearText: boolean): Metadata {
	const parsed = parseUnambiguousJson(text);
	if ("problem" in parsed) throw new Error(`the discovery document is ${parsed.problem}`);
	const { object } = parsed;
	if (object["issuer"] !== issuer)
		throw new Error("the discovery document is of another issuer; write identities.tokens[].issuer as it does");
	const keys = addressIn(object, "jwks_uri", clearText);
	if (keys === null) throw new Error("the discovery document has no jwks_uri that may be asked");
	return { keys, introspection: addressIn(object, "introspection_endpoint", clearText) };
}

function addressIn(object: JsonObject, name: string, clearText: boolean): string | null {
	const value = object[name];
	return typeof value === "string" && mayBeAsked(value, clearText) ? value : null;
}
