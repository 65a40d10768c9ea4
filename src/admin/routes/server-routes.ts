/** The server itself: what it is doing, and reading its configuration again. */
import type { AdminDeps } from "../admin-deps.ts";
import type { AdminRoute } from "../admin-route.ts";
import { refusedBody } from "../json-body.ts";
import { problem } from "../problem.ts";

export function serverRoutes(deps: Pick<AdminDeps, "reload" | "status" | "health">): readonly AdminRoute[] {
	return [
		{
			method: "GET",
			path: "/v1/status",
			needs: "viewer",
			summary: "Version, listeners, upstreams, certificate, load and health with details.",
			handle: (context) => context.json({ ...deps.status(), health: deps.health() }),
		},
		{
			method: "POST",
			path: "/v1/config/reload",
			needs: "admin",
			summary: "Reads configuration and certificate again; what is refused changes nothing.",
			handle: async (context, { by }) => {
				const refused = await refusedBody(context);
				if (refused !== null) return refused;
				const outcome = await deps.reload(by);
				if (outcome.reloaded) return context.json(outcome);
				return problem(context, "config-rejected", {
					problems: outcome.problems,
					hint: "mend the file; 'rempart config check' shows where",
				});
			},
		},
	];
}
