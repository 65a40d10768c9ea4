/**
 * Who asks over TCP: a person by the cookie of a browser, or by the token of a command line, or nobody.
 *
 *  - One credential; two are a refusal, even if both are right.
 *  - A cookie comes along with whatever a page of anybody's makes the browser send. So what changes something must come from our own origin, by what the
 *    browser says itself (Origin, else Sec-Fetch-Site), AND bring the session's own token, which no other page can read.
 *  - A token is sent by a program that means it, and needs neither; but a browser's session is never good as a token, nor the other way round.
 */
import type { Context } from "hono";

import { byOf } from "../../sign-in/person.ts";
import type { Session } from "../../sign-in/sessions.ts";
import type { SignInDesk } from "../../sign-in/sign-in-desk.ts";
import { isSame } from "../../sign-in/token.ts";
import type { Administrator } from "../administrator.ts";
import { problem } from "../problem.ts";
import { cookieOf } from "./cookies.ts";

export interface SignedIn {
	readonly session: Session;
	readonly token: string;
}

export function isSecure({ publicUrl }: Pick<SignInDesk, "publicUrl">): boolean {
	return publicUrl.startsWith("https:");
}

/** By the cookie alone; null where nobody is signed in. */
export function browserSession(context: Context, desk: SignInDesk): SignedIn | null {
	const token = cookieOf(context, "session", isSecure(desk));
	const session = token === null ? null : desk.sessions.find(token);
	return token === null || session === null || session.way !== "browser" ? null : { session, token };
}

/** Whoever it is, with everything checked that the method takes; or the refusal. */
export function signedIn(context: Context, desk: SignInDesk): SignedIn | Response {
	const authorization = context.req.header("authorization");
	const cookie = cookieOf(context, "session", isSecure(desk));
	if (authorization !== undefined && cookie !== null) return problem(context, "credential-ambiguous", { hint: "send a cookie or a token" });
	if (authorization !== undefined) return bearerSession(context, desk, authorization);
	const found = browserSession(context, desk);
	if (found === null) return required(context, desk);
	const reads = context.req.method === "GET" || context.req.method === "HEAD";
	if (!reads && !isOurs(context, desk, found.session, context.req.header("x-csrf-token"))) return forged(context);
	return found;
}

export function administratorOf({ session, token }: SignedIn, desk: SignInDesk): Administrator {
	const { person } = session;
	return { by: byOf(person), role: person.role, stillHolds: () => desk.sessions.find(token) !== null };
}

/** `given`: the session's token as the page sent it along, in a field or a form. */
export function isOurs(context: Context, desk: SignInDesk, { csrf }: Session, given: string | undefined): boolean {
	const origin = context.req.header("origin");
	const site = context.req.header("sec-fetch-site");
	// Both where both are there; none of them is no browser, or one that is too old to be told from a forgery.
	if (origin === undefined && site === undefined) return false;
	if (origin !== undefined && origin !== desk.publicUrl) return false;
	if (site !== undefined && site !== "same-origin") return false;
	return given !== undefined && isSame(given, csrf);
}

export function forged(context: Context): Response {
	return problem(context, "forgery-suspected", { hint: "open the page anew and try again from there" });
}

function bearerSession(context: Context, desk: SignInDesk, authorization: string): SignedIn | Response {
	const [, token = ""] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
	const session = desk.sessions.find(token);
	return session === null || session.way === "browser" ? required(context, desk) : { session, token };
}

function required(context: Context, desk: SignInDesk): Response {
	context.header("www-authenticate", 'Bearer realm="rempart administration"');
	return problem(context, "sign-in-required", { hint: `open ${desk.publicUrl}/ in a browser, or run: rempart login ${desk.publicUrl}` });
}
