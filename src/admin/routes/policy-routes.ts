/** Why a request would be allowed or refused, without running it. */
import * as z from "zod";

import { isFactor } from "../../model/factor.ts";
import type { AdminDeps } from "../admin-deps.ts";
import type { AdminRoute } from "../admin-route.ts";
import { jsonBody } from "../json-body.ts";
import { problem } from "../problem.ts";

const question = z.strictObject({
	subject: z.discriminatedUnion("kind", [
		z.strictObject({ kind: z.literal("key"), id: z.string() }),
		z.strictObject({ kind: z.literal("role"), name: z.string() }),
	]),
	method: z.string(),
	path: z.string(),
	body: z.string().nullable().default(null),
	from: z.string().nullable().default(null),
	shown: z.array(z.string().refine(isFactor)).max(32).default([]),
});

export function policyRoutes(deps: Pick<AdminDeps, "explain">): readonly AdminRoute[] {
	return [
		{
			method: "POST",
			path: "/v1/policy/explain",
			needs: "viewer",
			summary: "Judges a request without running it: every rule that was asked, and which decided.",
			handle: async (context) => {
				const read = await jsonBody(context, question);
				if (!read.ok) return read.response;
				const explained = await deps.explain(read.value);
				if ("problem" in explained) return problem(context, "cannot-judge", { detail: explained.problem, hint: explained.hint });
				return context.json(explained);
			},
		},
	];
}
