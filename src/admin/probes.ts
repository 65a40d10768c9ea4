/** What supervisors and Prometheus ask, without a credential: alive, ready, metrics. Names of checks are shown, their details are not. */
import type { Context, Hono } from "hono";

import type { AdminDeps } from "./admin-deps.ts";
import { problem } from "./problem.ts";

export type ProbeDeps = Pick<AdminDeps, "health" | "metrics">;

export function addProbes(app: Hono, deps: ProbeDeps): void {
	app.get("/healthz", (context) => {
		const { live } = deps.health();
		return context.json({ status: live ? "ok" : "failed" }, live ? 200 : 503);
	});
	app.get("/readyz", (context) => {
		const { ready, checks } = deps.health();
		return context.json({ status: ready ? "ok" : "failed", checks: checks.map(({ name, ok }) => ({ name, ok })) }, ready ? 200 : 503);
	});
	app.get("/metrics", async (context) => context.body(await deps.metrics.registry(), 200, { "content-type": deps.metrics.contentType }));
	for (const path of ["/healthz", "/readyz", "/metrics"]) app.all(path, notGet);
}

function notGet(context: Context): Response {
	context.header("allow", "GET, HEAD");
	return problem(context, "method-not-allowed", { hint: "it takes GET" });
}
