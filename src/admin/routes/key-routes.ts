/** Keys: list, show, create, rotate, revoke. */
import type { Context } from "hono";
import * as z from "zod";
import type { IssuedKey } from "../../keys/key-admin.ts";
import { isKeyId } from "../../keys/key-format.ts";
import type { Administered } from "../../keys/key-problem.ts";
import type { AdminDeps } from "../admin-deps.ts";
import type { AdminRoute } from "../admin-route.ts";
import { refusedGrant } from "../grantable.ts";
import { jsonBody, refusedBody } from "../json-body.ts";
import { keyProblem } from "../problem.ts";

const OVERLAP_DEFAULT_MS = 24 * 3_600_000;

const creation = z.strictObject({
	name: z.string(),
	role: z.string(),
	models: z.array(z.string()).nullable().default(null),
	groups: z.array(z.string()).default([]),
	/** Unix ms. */
	expiresAt: z.number().nullable().default(null),
});

const rotation = z.strictObject({ overlapMs: z.number().default(OVERLAP_DEFAULT_MS) });

export function keyRoutes(deps: Pick<AdminDeps, "keys" | "isWithinOperator">): readonly AdminRoute[] {
	const { keys } = deps;
	return [
		{
			method: "GET",
			path: "/v1/keys",
			needs: "viewer",
			summary: "Every key, without its secret.",
			handle: (context) => context.json({ keys: keys.list() }),
		},
		{
			method: "POST",
			path: "/v1/keys",
			needs: "operator",
			summary: "Makes a key; the answer holds its text, once.",
			handle: async (context, administrator) => {
				const read = await jsonBody(context, creation);
				if (!read.ok) return read.response;
				const refused = refusedGrant(context, deps, administrator, read.value.role);
				if (refused !== null) return refused;
				return issued(context, await keys.create({ ...read.value, by: administrator.by }), 201);
			},
		},
		{
			method: "GET",
			path: "/v1/keys/:id",
			needs: "viewer",
			summary: "One key, without its secret.",
			handle: (context) => {
				const shown = keys.show(idOf(context));
				return shown.done ? context.json(shown.value) : keyProblem(context, shown.problem);
			},
		},
		{
			method: "POST",
			path: "/v1/keys/:id/rotate",
			needs: "operator",
			summary: "Gives a key a new secret; the answer holds its text, once. The old secret works on for `overlapMs`.",
			handle: async (context, administrator) => {
				const read = await jsonBody(context, rotation);
				if (!read.ok) return read.response;
				const shown = keys.show(idOf(context));
				// Whoever rotates a key has its new text.
				const refused = shown.done ? refusedGrant(context, deps, administrator, shown.value.role) : null;
				if (refused !== null) return refused;
				return issued(context, await keys.rotate(idOf(context), { overlapMs: read.value.overlapMs, by: administrator.by }), 200);
			},
		},
		{
			method: "POST",
			path: "/v1/keys/:id/revoke",
			needs: "operator",
			summary: "Revokes a key, at once and for good. Doing it again changes nothing.",
			handle: async (context, { by }) => {
				const refused = await refusedBody(context);
				if (refused !== null) return refused;
				const revoked = await keys.revoke(idOf(context), { by });
				if (!revoked.done) return keyProblem(context, revoked.problem);
				return context.json({ ...revoked.value.key, warning: revoked.value.warning });
			},
		},
	];
}

function issued(context: Context, act: Administered<IssuedKey>, status: 200 | 201): Response {
	if (!act.done) return keyProblem(context, act.problem);
	// The one place where a key's text leaves the server.
	return context.json({ ...act.value.key, key: act.value.text.reveal() }, status);
}

/** What has not the form of an id is taken for none: an unknown id is named in the answer, and a whole key pasted in its place must not be. */
function idOf(context: Context): string {
	const id = context.req.param("id") ?? "";
	return isKeyId(id) ? id : "";
}
