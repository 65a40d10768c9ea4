/**
 * What the admin listener serves over TCP: probes and metrics, no administration.
 *
 *  - Without a credential, so a web page must not reach it. A page whose name somebody re-points at 127.0.0.1 (DNS rebinding) sends its own Host and
 *    is refused; one that calls us openly sends Origin or Sec-Fetch-Site and is refused.
 *  - An address as Host is always fine: rebinding needs a name.
 */
import { isIP } from "node:net";

import { type Context, Hono } from "hono";

import { harden } from "./hardening.ts";
import { addProbes, type ProbeDeps } from "./probes.ts";
import { problem } from "./problem.ts";

/** `names` are further hosts to answer for, such as the name that Prometheus uses in a container network. */
export function createProbeApp(deps: ProbeDeps, names: readonly string[]): Hono {
	const served = new Set(["localhost", ...names.map((name) => name.toLowerCase())]);
	const app = new Hono();
	harden(app);
	app.use(async (context, next) => {
		if (!answersFor(context.req.header("host") ?? "", served)) {
			return problem(context, "host-not-served", { hint: "use 127.0.0.1 or localhost, or add the name to gateway.names" });
		}
		if (isCrossSite(context)) return problem(context, "cross-site-request");
		await next();
		return undefined;
	});
	addProbes(app, deps);
	return app;
}

function answersFor(host: string, served: ReadonlySet<string>): boolean {
	const match = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(host.toLowerCase());
	const name = match?.[1] ?? match?.[2] ?? "";
	return isIP(name) !== 0 || served.has(name) || name.endsWith(".localhost");
}

/** Fetch metadata (W3C) where the browser sends it, and Origin where it does not. Programs send neither. */
function isCrossSite(context: Context): boolean {
	const site = context.req.header("sec-fetch-site");
	const origin = context.req.header("origin");
	if (site !== undefined && site !== "same-origin" && site !== "none") return true;
	return origin !== undefined && origin !== `http://${context.req.header("host") ?? ""}`;
}
