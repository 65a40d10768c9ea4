/**
 * Whether a token is one for us, as its header and claims tell: RFC 9068 §4, RFC 8725 §3, and what providers do that came before those.
 *
 *  - The header is judged before the signature is looked at, and only against what the operator allows: no algorithm is believed because a token names it.
 *  - Every claim that a decision needs has to be there: `iss`, `sub`, `aud`, `exp`. One of the wrong type is as good as none.
 *  - A token that is bound to a key (RFC 9449, RFC 8705) is not a bearer token. It is good with its client certificate alone; a binding that cannot be
 *    checked here is a refusal, or whoever stole it could use it.
 *  - An ID token says who signed in somewhere. It is not a permission to call anybody, and whoever runs that somewhere holds it.
 */

import type { IssuerSpec } from "../model/issuer-spec.ts";
import type { Reason } from "../model/reason.ts";
import { isJsonObject, type JsonObject } from "../std/unambiguous-json.ts";

export interface Refused {
	readonly refused: Reason;
	/** For the record. Nothing of it is proved unless the signature was. */
	readonly detail: string;
}

const KID_LENGTH = 256;
const SUBJECT_LENGTH = 256;
/** A type of RFC 9068, by which a token is an access token and nothing else. */
const ACCESS_TOKEN = "at+jwt";

/** Null where the header may go on. */
export function judgeHeader(header: JsonObject, { algorithms, types }: IssuerSpec): Refused | null {
	const { alg, typ, kid } = header;
	if (typeof alg !== "string" || !algorithms.includes(alg)) return wrong(`algorithm ${shown(alg)}, which is not allowed`);
	// Nothing that can be critical is understood here, `b64` of RFC 7797 included.
	for (const name of ["crit", "b64", "enc", "zip"])
		if (Object.hasOwn(header, name)) return wrong(`header ${name}, which is not understood`);
	if (kid !== undefined && (typeof kid !== "string" || kid.length > KID_LENGTH)) return wrong("a kid that is none");
	if (typeof typ !== "string" || !types.includes(typeName(typ))) return misdirected(`type ${shown(typ)}, which is not among types`);
	return null;
}

/** `application/` may be left out (RFC 7515 §4.1.9), and letter case is of no matter. */
function typeName(typ: string): string {
	return typ.toLowerCase().replace(/^application\//, "");
}

/** Of claims that were proved, what does not change while a token lives: whose it is, and for whom. */
export function judgeStanding(claims: JsonObject, { issuer, audiences, clients }: IssuerSpec): Refused | null {
	const { iss, sub } = claims;
	if (iss !== issuer) return misdirected(`issuer ${shown(iss)}`);
	if (typeof sub !== "string" || sub === "" || sub.length > SUBJECT_LENGTH) return misdirected("no subject");
	const given = audiencesIn(claims["aud"]);
	if (given === null) return misdirected("no audience");
	if (!given.some((audience) => audiences.includes(audience))) return misdirected(`audience ${shown(given.join(" "))}`);
	if (clients.length === 0) return null;
	// Whichever name the provider has for it; where there are two, both have to be right.
	const named = ["azp", "client_id", "appid", "cid"].flatMap((name) => (Object.hasOwn(claims, name) ? [claims[name]] : []));
	const allowed = named.length > 0 && named.every((client) => typeof client === "string" && clients.includes(client));
	return allowed ? null : misdirected(`client ${shown(named[0])}, which is not among clients`);
}

function audiencesIn(aud: unknown): readonly string[] | null {
	if (typeof aud === "string") return [aud];
	if (!Array.isArray(aud) || aud.length === 0) return null;
	const texts = aud.filter((one) => typeof one === "string");
	return texts.length === aud.length ? texts : null;
}

/** Whether it is good at this moment, give or take what clocks differ by. */
export function judgeMoment({ exp, nbf, iat }: JsonObject, { clockSkewMs }: IssuerSpec, now: number): Refused | null {
	if (!isTime(exp)) return wrong("no time of expiry");
	if (exp * 1000 + clockSkewMs <= now) return { refused: "credential-expired", detail: `expired ${sinceText(now - exp * 1000)} ago` };
	for (const [name, time] of [
		["nbf", nbf],
		["iat", iat],
	] as const) {
		if (time === undefined) continue;
		if (!isTime(time)) return wrong(`${name} that is no time`);
		if (time * 1000 - clockSkewMs > now)
			return { refused: "credential-stale", detail: `${name} lies ${sinceText(time * 1000 - now)} ahead` };
	}
	return null;
}

/** Seconds, with a fraction or without, of years that a clock can show. */
function isTime(value: unknown): value is number {
	return typeof value === "number" && value >= 0 && value < 1e11;
}

function sinceText(ms: number): string {
	return `${Math.round(ms / 1000)} s`;
}

/**
 * Whether it is an access token. One whose type says so is; one that calls itself JWT and nothing else, or that was introspected (`type` null), may be
 * another of OpenID Connect's, of Keycloak's (claim `typ`) or of Cognito's (`token_use`).
 */
export function judgeKind(claims: JsonObject, type: unknown): Refused | null {
	if (typeof type === "string" && typeName(type) === ACCESS_TOKEN) return null;
	for (const name of ["nonce", "at_hash", "c_hash", "s_hash", "events"]) {
		if (Object.hasOwn(claims, name)) return misdirected(`${name}, which an access token has not: an ID token or an event`);
	}
	for (const name of ["typ", "token_use"]) {
		const kind = claims[name];
		if (typeof kind === "string" && /^(id|refresh|offline|logout)$/i.test(kind)) return misdirected(`${name} ${kind}, not an access token`);
	}
	return null;
}

/** The certificate that a token is bound to, as lower-case hexadecimal of its SHA-256; null for a bearer token. */
export function bindingOf({ cnf }: JsonObject): { readonly certificate: string | null } | Refused {
	if (cnf === undefined) return { certificate: null };
	const thumbprint = isJsonObject(cnf) && Object.keys(cnf).length === 1 ? cnf["x5t#S256"] : undefined;
	const bytes = typeof thumbprint === "string" ? Buffer.from(thumbprint, "base64url") : Buffer.alloc(0);
	if (bytes.length === 32 && bytes.toString("base64url") === thumbprint) return { certificate: bytes.toString("hex") };
	return { refused: "credential-incomplete", detail: "bound to a key whose proof is not understood here, as by DPoP" };
}

/** Short, and without what would disturb a record. */
function shown(value: unknown): string {
	if (typeof value !== "string") return value === undefined ? "none" : "that is no text";
	return value.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 100);
}

function wrong(detail: string): Refused {
	return { refused: "credential-wrong", detail };
}

function misdirected(detail: string): Refused {
	return { refused: "credential-misdirected", detail };
}
