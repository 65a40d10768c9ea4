/** Who is signed in, and signing somebody out. */
import * as z from "zod";

import type { AdminDeps } from "../admin-deps.ts";
import type { AdminRoute } from "../admin-route.ts";
import { jsonBody } from "../json-body.ts";
import { problem } from "../problem.ts";

const nothing = z.strictObject({});

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
				const read = await jsonBody(context, nothing);
				if (!read.ok) return read.response;
				const ended = sessions.end(context.req.param("id") ?? "", by);
				return ended ? context.json({ ended: true }) : problem(context, "session-unknown", { hint: "see the ids with: GET /v1/sessions" });
			},
		},
	];
}
