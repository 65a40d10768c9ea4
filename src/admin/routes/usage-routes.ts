/** Usage: who used what, page by page, and the proof that it is what the event log says. */
import * as z from "zod";

import { USAGE_DIMENSIONS } from "../../model/usage-dimension.ts";
import { isDay, isMonth, lastDayOf } from "../../std/calendar.ts";
import type { AdminDeps } from "../admin-deps.ts";
import type { AdminRoute } from "../admin-route.ts";
import { checked, refusedBody } from "../json-body.ts";
import { problem } from "../problem.ts";
import { limit, wholeNumber } from "../query-values.ts";

const LIMIT_DEFAULT = 1_000;

/** Unix ms as digits, or a day. */
const bound = z.union([wholeNumber, z.string().refine(isDay)], { error: "is neither a day (2026-10-31) nor a moment in Unix ms" });

const query = z
	.strictObject({
		by: z.enum(USAGE_DIMENSIONS).optional(),
		since: bound.optional(),
		until: bound.optional(),
		month: z.string().refine(isMonth, "is not a month (2026-10)").optional(),
		limit,
		offset: wholeNumber.optional(),
	})
	.refine(
		({ month, since, until }) => month === undefined || (since === undefined && until === undefined),
		"month goes without since and until",
	);

export function usageRoutes({ usage }: Pick<AdminDeps, "usage">): readonly AdminRoute[] {
	return [
		{
			method: "GET",
			path: "/v1/usage",
			needs: "viewer",
			summary:
				"Requests, tokens and GPU time by key, principal, group, model, day, class or dialect, with totals and the part of the log that they stand on.",
			handle: async (context) => {
				const read = checked(context, query, context.req.query());
				if (!read.ok) return read.response;
				const { by, since, until, month, limit, offset } = read.value;
				const report = await usage
					.report({
						by: by ?? "principal",
						since: month === undefined ? (since ?? null) : `${month}-01`,
						until: month === undefined ? (until ?? null) : lastDayOf(month),
						limit: limit ?? LIMIT_DEFAULT,
						offset: offset ?? 0,
					})
					.catch(() => null);
				return report === null ? problem(context, "usage-unreadable", { hint: "run 'rempart doctor'" }) : context.json(report);
			},
		},
		{
			method: "POST",
			path: "/v1/usage/recompute",
			needs: "operator",
			summary: "Counts the whole log again, and says where the table of usage differs from it.",
			handle: async (context) => {
				const refused = await refusedBody(context);
				if (refused !== null) return refused;
				const compared = await usage.recompute().catch(() => null);
				return compared === null ? problem(context, "usage-unreadable", { hint: "run 'rempart doctor'" }) : context.json(compared);
			},
		},
	];
}
