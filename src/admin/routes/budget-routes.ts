/** Budgets: what is configured, how far it is used and by whom, and letting one begin anew. */
import * as z from "zod";

import type { AdminDeps } from "../admin-deps.ts";
import type { AdminRoute } from "../admin-route.ts";
import { checked, jsonBody } from "../json-body.ts";
import { problem } from "../problem.ts";
import { limit } from "../query-values.ts";

const LIMIT_DEFAULT = 1_000;

const listing = z.strictObject({ principal: z.string().min(1).max(256).optional() });
const showing = z.strictObject({ limit });
/** "" is the subject of what everyone shares. */
const reset = z.strictObject({ for: z.string().max(1_024).nullable().default(null) });

const SEE = { hint: "see the budgets with: GET /v1/budgets" };

export function budgetRoutes({ budgets }: Pick<AdminDeps, "budgets">): readonly AdminRoute[] {
	return [
		{
			method: "GET",
			path: "/v1/budgets",
			needs: "viewer",
			summary: "Every budget; with `principal` also how those stand that concern one key or enrolled principal.",
			handle: (context) => {
				const read = checked(context, listing, context.req.query());
				if (!read.ok) return read.response;
				const { principal } = read.value;
				if (principal === undefined) return context.json({ budgets: budgets.list(), standings: null });
				const standings = budgets.standingsOf(principal);
				if (standings === null) return problem(context, "principal-unknown", { hint: "ids are in GET /v1/keys and GET /v1/principals" });
				return context.json({ budgets: budgets.list(), standings });
			},
		},
		{
			method: "GET",
			path: "/v1/budgets/:name",
			needs: "viewer",
			summary: "One budget, and how it stands for whoever used most of it.",
			handle: async (context) => {
				const read = checked(context, showing, context.req.query());
				if (!read.ok) return read.response;
				const shown = await budgets.show(context.req.param("name") ?? "", read.value.limit ?? LIMIT_DEFAULT);
				return shown === null ? problem(context, "budget-unknown", SEE) : context.json(shown);
			},
		},
		{
			method: "POST",
			path: "/v1/budgets/:name/reset",
			needs: "operator",
			summary: "Lets a budget begin anew, for everybody or for one subject; what requests hold at the moment stays held.",
			handle: async (context, { by }) => {
				const read = await jsonBody(context, reset);
				if (!read.ok) return read.response;
				const name = context.req.param("name") ?? "";
				const outcome = await budgets.reset(name, read.value.for, by);
				if (typeof outcome === "number") return context.json({ budget: name, for: read.value.for, counters: outcome });
				return problem(context, outcome, outcome === "budget-unknown" ? SEE : { hint: "run 'rempart doctor'" });
			},
		},
	];
}
