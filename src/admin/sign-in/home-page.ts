/** The page of the admin listener: who is signed in with which rights, and how the server is. */
import type { Context } from "hono";
import { html } from "hono/html";

import type { AdminRole } from "../../model/admin-role.ts";
import type { Session } from "../../sign-in/sessions.ts";
import type { AdminDeps } from "../admin-deps.ts";
import { showPage } from "./page.ts";

const RIGHTS: Readonly<Record<AdminRole, string>> = {
	viewer: "You may look at keys, principals, events and the state of the server.",
	operator: "You may also make, rotate and revoke keys and enrol principals, with no more rights than the role operator has.",
	admin: "You may do everything: keys of any role, reloading the configuration, signing others out.",
};

export function showHome(
	context: Context,
	deps: Pick<AdminDeps, "status" | "health">,
	{ session, expiresAt, formsLeadTo }: { readonly session: Session; readonly expiresAt: number; readonly formsLeadTo: readonly string[] },
): Promise<Response> {
	const { person } = session;
	const status = deps.status();
	const { ready, checks } = deps.health();
	const row = (name: string, value: unknown) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`;
	const body = html`<section><h1>${person.name} <span class="role">${person.role}</span></h1>
<p>${RIGHTS[person.role]}</p>
<p class="dim">Signed in as <code>${person.subject}</code> until ${moment(expiresAt)}. In the record you are <code>${person.id}</code>.</p></section>
<section><h2>Health</h2><p>${ready ? html`<span class="ok">● Ready</span>` : html`<span class="bad">● Not ready</span>`}</p><table>
${checks.map(({ name, ok, detail }) => row(name, html`<span class="${ok ? "ok" : "bad"}">${ok ? "ok" : "failed"}</span> <span class="dim">${detail}</span>`))}
${status.upstreams.map(({ name, url, up, version }) => row(`upstream ${name}`, html`<span class="${up ? "ok" : "bad"}">${up ? "up" : "down"}</span> <code>${url}</code>${version === null ? "" : ` · ${version}`}`))}
</table></section>
<section><h2>Server</h2><table>
${row("version", status.version)}
${row("running for", span(status.uptimeMs))}
${row(
	"listeners",
	status.listeners.map(({ name, address }) => html`${name} <code>${address}</code><br>`),
)}
${row("certificate", status.certificate === null ? "TLS is off" : `until ${moment(status.certificate.expiresAt)}`)}
${row("load", `${status.load.requests} requests, ${status.load.streams} streams, ${status.load.queued} waiting, ${status.load.connections} connections`)}
${row("configuration", html`<code>${status.configFile ?? "defaults"}</code> <span class="dim">${status.configDigest.slice(0, 12)}</span>`)}
</table></section>
<p class="dim">From a terminal: <code>rempart login</code> with this page's address, then <code>rempart key list --admin</code> with it.</p>`;
	const aside = html`<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="${session.csrf}"><button>Sign out</button></form>`;
	return showPage(context, { title: person.name, body, aside, formsLeadTo });
}

export function showWelcome(context: Context): Promise<Response> {
	const body = html`<section><h1>Administration of this gateway</h1>
<p class="dim">You are signed in at your organisation's identity provider, and come back here.</p>
<div class="acts"><a class="button main" href="/sign-in">Sign in</a></div></section>`;
	return showPage(context, { title: "Sign in", body });
}

function moment(at: number): string {
	return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function span(ms: number): string {
	const minutes = Math.floor(ms / 60_000);
	if (minutes < 60) return `${minutes} min`;
	return minutes < 2_880 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.floor(minutes / 1_440)} days`;
}
