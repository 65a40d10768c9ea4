/** Who is signed in, and signing somebody out. */
import type { AdminDeps } from "../admin-deps.ts";
import type { AdminRoute } from "../admin-route.ts";
import { refusedBody } from "../json-body.ts";
import { problem } from "../problem.ts";

export function sessionRoutes({ sessions }: Pick<AdminDeps, "sessions">): readonly AdminRoute[] {
	return [
		{
			method: "GET",
			path: "/v1/sessions",
			needs: "admin",
			summary: "Everybody who is signed in to administer.",
			handle: (context) => context.json({ sessions: sessions.list() }),
		},
		{
			method: "POST",
			path: "/v1/sessions/:id/end",
			needs: "admin",
			summary: "Signs somebody out, at once.",
			handle: async (context, { by }) => {
				const refused = await refusedBody(context);
				if (refused !== null) return refused;
				const ended = sessions.end(context.req.param("id") ?? "", by);
				return ended ? context.json({ ended: true }) : problem(context, "session-unknown", { hint: "see the ids with: GET /v1/sessions" });
			},
		},
	];
}
