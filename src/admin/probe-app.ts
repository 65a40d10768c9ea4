/**
 * What the admin listener serves over TCP: probes and metrics to everybody who gets as far, administration to people who have signed in, where that is on.
 *
 *  - Probes go without a credential, so a web page must not reach them. A page whose name somebody re-points at 127.0.0.1 (DNS rebinding) sends its own
 *    Host and is refused; one that calls us openly sends Origin or Sec-Fetch-Site and is refused.
 *  - An address as Host is always fine: rebinding needs a name.
 *  - From another site one can be led to a page of ours, as from the provider; a page is asked for by GET, as a whole document, and changes nothing.
 */
import { isIP } from "node:net";

import { type Context, Hono } from "hono";

import type { SignInDesk } from "../sign-in/sign-in-desk.ts";
import { addAdminRoutes, type Overstepped } from "./admin-api.ts";
import type { AdminDeps } from "./admin-deps.ts";
import { harden } from "./hardening.ts";
import { addProbes, type ProbeDeps } from "./probes.ts";
import { problem } from "./problem.ts";
import { administratorOf, signedIn } from "./sign-in/guard.ts";
import { addSiteRoutes, type WithDesk } from "./sign-in/site-routes.ts";
import { addTerminalRoutes } from "./sign-in/terminal-routes.ts";

export interface SignInAccess {
	readonly deps: AdminDeps;
	/** Null while sign-in is off; a reload may change that. */
	readonly desk: () => SignInDesk | null;
	readonly overstepped: Overstepped;
}

/** `names` are further hosts to answer for, such as the name that Prometheus uses in a container network; a reload may change them. */
export function createProbeApp(deps: ProbeDeps, names: () => readonly string[], access: SignInAccess | null = null): Hono {
	const deskOf = (): SignInDesk | null => access?.desk() ?? null;
	const app = new Hono();
	harden(app);
	app.use(async (context, next) => {
		const publicUrl = deskOf()?.publicUrl ?? null;
		if (!answersFor(context.req.header("host") ?? "", names(), publicUrl)) {
			return problem(context, "host-not-served", { hint: "use 127.0.0.1 or localhost, or add the name to gateway.names" });
		}
		if (isCrossSite(context, publicUrl) && !(publicUrl !== null && isPageVisit(context))) return problem(context, "cross-site-request");
		await next();
		return undefined;
	});
	addProbes(app, deps);
	if (access === null) return app;
	const withDesk: WithDesk = (handle) => (context) => {
		const desk = deskOf();
		return desk === null ? context.notFound() : handle(context, desk);
	};
	addSiteRoutes(app, access.deps, withDesk);
	addTerminalRoutes(app, withDesk);
	addAdminRoutes(
		app,
		access.deps,
		(context) => {
			const desk = deskOf();
			if (desk === null) return problem(context, "not-found", { hint: "administration over TCP needs admin.sign_in; see 'rempart help'" });
			const found = signedIn(context, desk);
			return found instanceof Response ? found : administratorOf(found, desk);
		},
		access.overstepped,
	);
	return app;
}

function answersFor(host: string, names: readonly string[], publicUrl: string | null): boolean {
	const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(host.toLowerCase());
	const name = match?.[1] ?? match?.[2] ?? "";
	if (isIP(name) !== 0 || name === "localhost" || name.endsWith(".localhost")) return true;
	if (names.some((served) => served.toLowerCase() === name)) return true;
	return publicUrl !== null && name === new URL(publicUrl).hostname;
}

/** Fetch metadata (W3C) where the browser sends it, and Origin where it does not. Programs send neither. */
function isCrossSite(context: Context, publicUrl: string | null): boolean {
	const site = context.req.header("sec-fetch-site");
	const origin = context.req.header("origin");
	if (site !== undefined && site !== "same-origin" && site !== "none") return true;
	return origin !== undefined && origin !== publicUrl && origin !== `http://${context.req.header("host") ?? ""}`;
}

/** Pages to which one may be led; what they show depends on who is signed in, and no other page can read it. */
const PAGES: ReadonlySet<string> = new Set(["/", "/sign-in", "/sign-in/callback", "/sign-in/terminal", "/device"]);

function isPageVisit(context: Context): boolean {
	return (
		context.req.method === "GET" &&
		PAGES.has(context.req.path) &&
		context.req.header("origin") === undefined &&
		context.req.header("sec-fetch-mode") === "navigate" &&
		context.req.header("sec-fetch-dest") === "document"
	);
}
