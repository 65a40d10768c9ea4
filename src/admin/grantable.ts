/**
 * Nobody hands out more than they may: an operator makes no key, and no new text of a key, whose role has anything that the role `operator` lacks.
 *
 * It would be theirs to use. Ending what has more rights is another matter, and allowed.
 */
import type { Context } from "hono";

import type { AdminDeps } from "./admin-deps.ts";
import type { Administrator } from "./administrator.ts";
import { problem } from "./problem.ts";

/** Null where they may. A role that is not known is more than anybody's who is not admin. */
export function refusedGrant(
	context: Context,
	deps: Pick<AdminDeps, "isWithinOperator">,
	{ role: own }: Administrator,
	role: string,
): Response | null {
	if (own === "admin" || deps.isWithinOperator(role)) return null;
	return problem(context, "role-insufficient", {
		detail: `the role '${role}' has rights that an operator may not hand out, or is not configured`,
		hint: "choose reader, user or operator, or ask somebody with the role admin",
	});
}
