/**
 * The admin API: everything that administration does, for the command line and the console.
 *
 *  - Reaching it is the right to use it: `admin-listener.ts` serves it on a Unix socket that only the state's owner can open. It has no login.
 *  - A key's text is in the answer that made it and in no other.
 *  - Errors are problem documents (RFC 9457); a path with another method is 405 and says which it takes.
 */
import { Hono } from "hono";

import type { AdminDeps } from "./admin-deps.ts";
import type { AdminRoute } from "./admin-route.ts";
import { harden } from "./hardening.ts";
import { addProbes } from "./probes.ts";
import { problem } from "./problem.ts";
import { eventRoutes } from "./routes/event-routes.ts";
import { keyRoutes } from "./routes/key-routes.ts";
import { policyRoutes } from "./routes/policy-routes.ts";
import { principalRoutes } from "./routes/principal-routes.ts";
import { serverRoutes } from "./routes/server-routes.ts";

/** Every route, in the order of the reference. */
export function adminRoutes(deps: AdminDeps): readonly AdminRoute[] {
	return [...keyRoutes(deps), ...principalRoutes(deps), ...eventRoutes(deps), ...policyRoutes(deps), ...serverRoutes(deps)];
}

export function createAdminApi(deps: AdminDeps): Hono {
	const app = new Hono();
	harden(app);
	addProbes(app, deps);
	const methods = new Map<string, string[]>();
	for (const { method, path, handle } of adminRoutes(deps)) {
		app.on(method, path, handle);
		methods.set(path, [...(methods.get(path) ?? []), method]);
	}
	for (const [path, allowed] of methods) {
		app.all(path, (context) => {
			context.header("allow", allowed.join(", "));
			return problem(context, "method-not-allowed", { hint: `it takes ${allowed.join(" and ")}` });
		});
	}
	return app;
}
