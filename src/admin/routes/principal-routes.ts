/** Enrolled principals: list, add, enrol with a certificate, remove. Keys have routes of their own. */
import * as z from "zod";
import { isPrincipalId } from "../../keys/enrolled/principal-admin.ts";
import type { AdminDeps } from "../admin-deps.ts";
import type { AdminRoute } from "../admin-route.ts";
import { refusedGrant } from "../grantable.ts";
import { jsonBody, refusedBody } from "../json-body.ts";
import { keyProblem } from "../problem.ts";

const enrolment = z.strictObject({
	name: z.string(),
	role: z.string(),
	models: z.array(z.string()).nullable().default(null),
	groups: z.array(z.string()).default([]),
	/** Unix ms. */
	expiresAt: z.number().nullable().default(null),
});
const addition = enrolment.extend({
	/** The line of `id_ed25519.pub`. */
	ollamaKey: z.string().max(4096),
});

export function principalRoutes(deps: Pick<AdminDeps, "principals" | "asksForCertificates" | "isWithinOperator">): readonly AdminRoute[] {
	const { principals, asksForCertificates } = deps;
	return [
		{
			method: "GET",
			path: "/v1/principals",
			needs: "viewer",
			summary: "Every enrolled principal.",
			handle: (context) => context.json({ principals: principals.list() }),
		},
		{
			method: "POST",
			path: "/v1/principals",
			needs: "operator",
			summary: "Enrols a principal with the public key of its ollama program.",
			handle: async (context, administrator) => {
				const read = await jsonBody(context, addition);
				if (!read.ok) return read.response;
				const refused = refusedGrant(context, deps, administrator, read.value.role);
				if (refused !== null) return refused;
				const added = await principals.add({ ...read.value, by: administrator.by });
				return added.done ? context.json(added.value, 201) : keyProblem(context, added.problem);
			},
		},
		{
			method: "POST",
			path: "/v1/principals/enrol",
			needs: "operator",
			summary: "Enrols a principal with a client certificate that is issued here; the answer holds its private key, once.",
			handle: async (context, administrator) => {
				const read = await jsonBody(context, enrolment);
				if (!read.ok) return read.response;
				const refused = refusedGrant(context, deps, administrator, read.value.role);
				if (refused !== null) return refused;
				const enrolled = await principals.enrol({ ...read.value, by: administrator.by });
				if (!enrolled.done) return keyProblem(context, enrolled.problem);
				const { principal, certificate, key, authority } = enrolled.value;
				// The one place where a private key leaves the server.
				return context.json({ principal, certificate, key: key.reveal(), authority, asked: asksForCertificates() }, 201);
			},
		},
		{
			method: "POST",
			path: "/v1/principals/:id/remove",
			needs: "operator",
			summary: "Removes an enrolled principal, at once and for good. Doing it again changes nothing.",
			handle: async (context, { by }) => {
				const refused = await refusedBody(context);
				if (refused !== null) return refused;
				const id = context.req.param("id") ?? "";
				// An unknown id is named in the answer, and a whole key pasted in its place must not be.
				const removed = await principals.remove(isPrincipalId(id) ? id : "", { by });
				if (!removed.done) return keyProblem(context, removed.problem);
				return context.json({ ...removed.value.principal, warning: removed.value.warning });
			},
		},
	];
}
