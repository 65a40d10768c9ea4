/**
 * The admin API: everything that administration does, for the command line and the console.
 *
 *  - On the Unix socket, which only the state's owner can open, reaching it is the right to use it. Over TCP it is there for people who have signed in.
 *  - Each row of the table says which role it takes, and is asked for nothing before that is settled. What is no row is not there.
 *  - A key's text is in the answer that made it and in no other.
 *  - Errors are problem documents (RFC 9457); a path with another method is 405 and says which it takes.
 */
import { type Context, Hono } from "hono";

import { isAtLeast } from "../model/admin-role.ts";
import type { AdminDeps } from "./admin-deps.ts";
import type { AdminRoute } from "./admin-route.ts";
import { type Administrator, SOCKET_ADMINISTRATOR } from "./administrator.ts";
import { harden } from "./hardening.ts";
import { addProbes } from "./probes.ts";
import { problem } from "./problem.ts";
import { budgetRoutes } from "./routes/budget-routes.ts";
import { eventRoutes } from "./routes/event-routes.ts";
import { keyRoutes } from "./routes/key-routes.ts";
import { policyRoutes } from "./routes/policy-routes.ts";
import { principalRoutes } from "./routes/principal-routes.ts";
import { serverRoutes } from "./routes/server-routes.ts";
import { sessionRoutes } from "./routes/session-routes.ts";
import { usageRoutes } from "./routes/usage-routes.ts";

/** Every route, in the order of the reference. */
export function adminRoutes(deps: AdminDeps): readonly AdminRoute[] {
	return [
		...keyRoutes(deps),
		...principalRoutes(deps),
		...eventRoutes(deps),
		...usageRoutes(deps),
		...budgetRoutes(deps),
		...policyRoutes(deps),
		...sessionRoutes(deps),
		...serverRoutes(deps),
	];
}

/** Who asks, or the answer that they get for not being anybody. */
export type Identify = (context: Context) => Administrator | Response;

/** What is told of somebody who asks for more than their role may. */
export type Overstepped = (administrator: Administrator, what: string, needs: string) => void;

/** As it is on the socket. */
export function createAdminApi(deps: AdminDeps): Hono {
	const app = new Hono();
	harden(app);
	addProbes(app, deps);
	addAdminRoutes(
		app,
		deps,
		() => SOCKET_ADMINISTRATOR,
		() => undefined,
	);
	return app;
}

export function addAdminRoutes(app: Hono, deps: AdminDeps, identify: Identify, overstepped: Overstepped): void {
	const methods = new Map<string, string[]>();
	for (const { method, path, needs, handle } of adminRoutes(deps)) {
		app.on(method, path, (context) => {
			const administrator = identify(context);
			if (administrator instanceof Response) return administrator;
			if (isAtLeast(administrator.role, needs)) return handle(context, administrator);
			overstepped(administrator, `${method} ${path}`, needs);
			return problem(context, "role-insufficient", {
				detail: `it takes the role ${needs}, and yours is ${administrator.role}`,
				hint: "ask somebody with that role; roles come from admin.sign_in.rules",
			});
		});
		methods.set(path, [...(methods.get(path) ?? []), method]);
	}
	for (const [path, allowed] of methods) {
		app.all(path, (context) => {
			const administrator = identify(context);
			if (administrator instanceof Response) return administrator;
			context.header("allow", allowed.join(", "));
			return problem(context, "method-not-allowed", { hint: `it takes ${allowed.join(" and ")}` });
		});
	}
}
