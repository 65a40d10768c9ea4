/**
 * Signing a command line in: by the browser beside it (RFC 8252) or by a short code in a browser elsewhere (RFC 8628). To it, this listener is what the
 * provider is to the listener; so no token of the provider ever leaves the server, and every provider will do.
 *
 *  - A person says yes on a page of ours, each time. A link alone gives nobody's rights away, whoever made them follow it.
 *  - The answer goes to a port of the same machine, and is worth nothing without the secret of whoever asked (RFC 7636), so another program that listens
 *    there gains nothing.
 */
import type { Context, Hono } from "hono";
import { html } from "hono/html";
import * as z from "zod";

import type { Session } from "../../sign-in/sessions.ts";
import type { OpenedSession, SignInDesk } from "../../sign-in/sign-in-desk.ts";
import { SignInProblem } from "../../sign-in/sign-in-problem.ts";
import { jsonBody, refusedBody } from "../json-body.ts";
import { problem } from "../problem.ts";
import { formOf } from "./form.ts";
import { browserSession, forged, isOurs } from "./guard.ts";
import { type Markup, showPage, showProblem } from "./page.ts";
import { sendToProvider, type WithDesk } from "./site-routes.ts";

/** RFC 8252 §7.3: the address and not the name, which somebody might point elsewhere; any port. */
const REDIRECT_URI = /^http:\/\/127\.0\.0\.1:[1-9]\d{0,4}\/callback$/;

const asked = z.strictObject({
	redirect_uri: z.string().regex(REDIRECT_URI),
	code_challenge: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
	state: z.string().regex(/^[A-Za-z0-9_-]{22,128}$/),
});
const redemption = z.strictObject({ code: z.string().max(128), verifier: z.string().max(128), redirectUri: z.string().max(64) });
const collection = z.strictObject({ deviceCode: z.string().max(128) });

export function addTerminalRoutes(app: Hono, withDesk: WithDesk): void {
	app.get("/sign-in/terminal", withDesk(askWhetherTerminal));
	app.post("/sign-in/terminal", withDesk(answerTerminal));
	app.post("/sign-in/token", withDesk(redeem));
	app.get("/device", withDesk(askForCode));
	app.post("/device", withDesk(answerDevice));
	app.post("/sign-in/device", withDesk(beginDevice));
	app.post("/sign-in/device/token", withDesk(collect));
}

async function askWhetherTerminal(context: Context, desk: SignInDesk): Promise<Response> {
	const read = asked.safeParse(context.req.query());
	if (!read.success) return await showProblem(context, "request-invalid", "begin again at the terminal, with rempart login");
	const url = new URL(context.req.url);
	const found = browserSession(context, desk);
	if (found === null) return await sendToProvider(context, desk, `${url.pathname}${url.search}`);
	const fields = Object.entries(read.data).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
	const body = html`<section><h1>Sign in the terminal on this computer?</h1>
<p>The command line will administer this gateway as ${found.session.person.name}, with the role ${found.session.person.role}, until you are signed out.</p>
<p class="dim">Say yes only if you have just run <code>rempart login</code> on this computer yourself.</p>
${answerForm("/sign-in/terminal", found.session, html`${fields}`)}</section>`;
	return await showPage(context, { title: "Sign in the terminal", body, formsLeadTo: [new URL(read.data.redirect_uri).origin] });
}

async function answerTerminal(context: Context, desk: SignInDesk): Promise<Response> {
	const confirmed = await confirmation(context, desk);
	if (confirmed instanceof Response) return confirmed;
	const { form, session } = confirmed;
	const read = asked.safeParse({
		redirect_uri: form.get("redirect_uri"),
		code_challenge: form.get("code_challenge"),
		state: form.get("state"),
	});
	if (!read.success) return await showProblem(context, "request-invalid", "begin again at the terminal, with rempart login");
	const { redirect_uri: redirectUri, code_challenge: challenge, state } = read.data;
	const back = new URL(redirectUri);
	if (form.get("answer") === "yes") back.searchParams.set("code", desk.codes.issue(session, { redirectUri, challenge }));
	else back.searchParams.set("error", "access_denied");
	back.searchParams.set("state", state);
	// RFC 9207: whoever signs in at two gateways at once can tell whose answer this is.
	back.searchParams.set("iss", desk.publicUrl);
	return context.redirect(back.href, 303);
}

async function redeem(context: Context, desk: SignInDesk): Promise<Response> {
	const read = await jsonBody(context, redemption);
	if (!read.ok) return read.response;
	const { code, verifier, redirectUri } = read.value;
	// The challenge is with the code; what is compared with it comes from here.
	return await tokenAnswer(context, desk, () => desk.redeem({ code, verifier, redirectUri }));
}

async function askForCode(context: Context, desk: SignInDesk): Promise<Response> {
	const found = browserSession(context, desk);
	if (found === null) return await sendToProvider(context, desk, "/device");
	const body = html`<section><h1>Sign in a terminal elsewhere</h1>
<p>Type the code that <code>rempart login --device</code> shows. The command line there will administer this gateway as ${found.session.person.name}, with the role ${found.session.person.role}.</p>
<p class="dim">Nobody but you should have sent you here. If somebody gave you a code, it is their terminal that you would sign in.</p>
${answerForm("/device", found.session, html`<p><input name="code" required autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="16" aria-label="Code" autofocus></p>`)}</section>`;
	return await showPage(context, { title: "Sign in a terminal", body });
}

async function answerDevice(context: Context, desk: SignInDesk): Promise<Response> {
	const confirmed = await confirmation(context, desk);
	if (confirmed instanceof Response) return confirmed;
	const { form, session } = confirmed;
	const yes = form.get("answer") === "yes";
	if (!desk.devices.answer(form.get("code") ?? "", session, yes))
		return await showProblem(context, "code-unknown", "look at the terminal again; a code is good for ten minutes, and once");
	const body = html`<section><h1>${yes ? "The terminal is signed in" : "The terminal was refused"}</h1><p>You can close this page.</p></section>`;
	return await showPage(context, { title: "Done", body });
}

async function beginDevice(context: Context, desk: SignInDesk): Promise<Response> {
	const refused = await refusedBody(context);
	if (refused !== null) return refused;
	const code = desk.devices.begin();
	if (code === null)
		return problem(context, "sign-in-busy", { hint: "try again in some minutes, or sign in by the browser beside: rempart login" });
	return context.json({ ...code, page: `${desk.publicUrl}/device` });
}

async function collect(context: Context, desk: SignInDesk): Promise<Response> {
	const read = await jsonBody(context, collection);
	if (!read.ok) return read.response;
	return await tokenAnswer(context, desk, () => desk.collect(read.value.deviceCode));
}

async function tokenAnswer(
	context: Context,
	desk: SignInDesk,
	open: () => Promise<OpenedSession | "pending" | "denied" | "unknown" | null>,
): Promise<Response> {
	try {
		const opened = await open();
		if (opened === "pending") return problem(context, "code-pending");
		if (opened === "denied") return problem(context, "code-denied", { hint: "sign in again, and say yes in the browser" });
		if (opened === null || opened === "unknown") return problem(context, "code-unknown", { hint: "begin again: rempart login" });
		const { person } = opened.session;
		// The one place where a session's token leaves the server in an answer's body.
		const token = opened.token.reveal();
		return context.json({
			token,
			person: person.id,
			name: person.name,
			role: person.role,
			expiresAt: desk.sessions.expiryOf(opened.session),
		});
	} catch (error) {
		if (error instanceof SignInProblem) return problem(context, error.code, { hint: "try again in a moment" });
		throw error;
	}
}

async function confirmation(
	context: Context,
	desk: SignInDesk,
): Promise<{ readonly form: ReadonlyMap<string, string>; readonly session: Session } | Response> {
	const found = browserSession(context, desk);
	if (found === null) return await showProblem(context, "sign-in-required", "sign in, then begin again at the terminal");
	const form = await formOf(context);
	if (form === null || !isOurs(context, desk, found.session, form.get("csrf"))) return forged(context);
	return { form, session: found.session };
}

function answerForm(action: string, { csrf }: Session, fields: Markup): Markup {
	return html`<form method="post" action="${action}"><input type="hidden" name="csrf" value="${csrf}">${fields}
<div class="acts"><button class="main" name="answer" value="yes">Yes, sign it in</button><button name="answer" value="no" formnovalidate>No</button></div></form>`;
}
