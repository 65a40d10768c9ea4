/** Signing in and out by browser: to the provider, back from it, and the page in between. */
import type { Context, Hono } from "hono";

import type { SignInDesk } from "../../sign-in/sign-in-desk.ts";
import { SignInProblem } from "../../sign-in/sign-in-problem.ts";
import type { AdminDeps } from "../admin-deps.ts";
import { problem } from "../problem.ts";
import { cookieOf, setCookie } from "./cookies.ts";
import { formOf } from "./form.ts";
import { browserSession, forged, isOurs, isSecure, signedIn } from "./guard.ts";
import { showHome, showWelcome } from "./home-page.ts";
import { showProblem } from "./page.ts";

export type SiteDeps = Pick<AdminDeps, "status" | "health">;

/** Passes a request to `handle` while sign-in is on; without it, there is nothing at these paths. */
export type WithDesk = (
	handle: (context: Context, desk: SignInDesk) => Response | Promise<Response>,
) => (context: Context) => Response | Promise<Response>;

export function addSiteRoutes(app: Hono, deps: SiteDeps, withDesk: WithDesk): void {
	app.get(
		"/",
		withDesk(async (context, desk) => {
			const found = browserSession(context, desk);
			if (found === null) return await showWelcome(context);
			const there = desk.endSessionUrl(found.session);
			const formsLeadTo = there === null ? [] : [new URL(there).origin];
			return await showHome(context, deps, { session: found.session, expiresAt: desk.sessions.expiryOf(found.session), formsLeadTo });
		}),
	);
	app.get(
		"/sign-in",
		withDesk((context, desk) => sendToProvider(context, desk, "/")),
	);
	app.get("/sign-in/callback", withDesk(comeBack));
	app.post("/sign-out", withDesk(signOut));
	app.get(
		"/me",
		withDesk((context, desk) => {
			const found = signedIn(context, desk);
			if (found instanceof Response) return found;
			const { id, person, way, csrf } = found.session;
			const expiresAt = desk.sessions.expiryOf(found.session);
			// The token against forgery is for pages; a command line has no use for it.
			return context.json({ ...person, session: id, way, expiresAt, ...(way === "browser" ? { csrf } : {}) });
		}),
	);
}

/** `returnTo` is a path of ours, and never of the request's choosing. */
export async function sendToProvider(context: Context, desk: SignInDesk, returnTo: string): Promise<Response> {
	// Cookies belong to a host. Whoever came by another name of ours would come back without what they carry. Not redirected: behind a proxy that writes
	// another Host that would never end.
	const host = URL.parse(`http://${context.req.header("host") ?? ""}`)?.hostname;
	if (host !== new URL(desk.publicUrl).hostname) {
		return await showProblem(
			context,
			"host-not-served",
			`open ${desk.publicUrl}/ instead; a proxy before it has to pass the field Host on`,
		);
	}
	try {
		const { location, carried } = await desk.begin(returnTo);
		setCookie(context, "sign-in", { value: carried, maxAgeMs: desk.attemptMs, secure: isSecure(desk) });
		return context.redirect(location, 302);
	} catch (error) {
		return await showSignInProblem(context, error);
	}
}

async function comeBack(context: Context, desk: SignInDesk): Promise<Response> {
	const secure = isSecure(desk);
	const carried = cookieOf(context, "sign-in", secure);
	setCookie(context, "sign-in", { value: null, maxAgeMs: null, secure });
	try {
		const { token, returnTo } = await desk.finish(new URL(context.req.url).search, carried, browserSession(context, desk)?.session ?? null);
		setCookie(context, "session", { value: token.reveal(), maxAgeMs: null, secure });
		return context.redirect(returnTo, 303);
	} catch (error) {
		return await showSignInProblem(context, error);
	}
}

async function signOut(context: Context, desk: SignInDesk): Promise<Response> {
	if (context.req.header("authorization") !== undefined) {
		const found = signedIn(context, desk);
		if (found instanceof Response) return found;
		desk.sessions.end(found.session.id, "signed out");
		return context.json({ signedOut: true });
	}
	const found = browserSession(context, desk);
	if (found === null) return problem(context, "sign-in-required", { hint: "nobody is signed in here" });
	const form = await formOf(context);
	if (!isOurs(context, desk, found.session, form?.get("csrf") ?? context.req.header("x-csrf-token"))) return forged(context);
	desk.sessions.end(found.session.id, "signed out");
	setCookie(context, "session", { value: null, maxAgeMs: null, secure: isSecure(desk) });
	return context.redirect(desk.endSessionUrl(found.session) ?? "/", 303);
}

const HINTS = {
	"sign-in-mismatch": "begin again, and finish within ten minutes in the same browser",
	"sign-in-refused-there": "try again there, or ask whoever runs the identity provider",
	"person-not-admitted": "ask an administrator of this gateway to add a rule for you in admin.sign_in.rules",
	"sessions-exhausted": "try again later, or ask an administrator to end sessions that nobody uses",
	"code-unknown": "begin again at the terminal",
	"sign-in-busy": "try again in a moment",
	"sign-in-not-recorded": "the operator should run 'rempart doctor' on the server",
	"provider-unavailable": "try again in a moment; the operator finds the cause with 'rempart events --type sign-in-refused'",
	"provider-untrustworthy": "the operator finds what is wrong with it with 'rempart events --type sign-in-refused'",
} as const;

async function showSignInProblem(context: Context, error: unknown): Promise<Response> {
	// Anything else is a bug of ours, and answered as such.
	if (!(error instanceof SignInProblem)) throw error;
	return await showProblem(context, error.code, HINTS[error.code]);
}
