/** What every answer of the admin side has, whoever asks and whatever becomes of it. */
import { randomUUID } from "node:crypto";

import type { Hono } from "hono";

import { announcesTooMuch } from "./body-limit.ts";
import { problem } from "./problem.ts";

/** To be called before any route is added: Hono runs handlers in the order of registration. */
export function harden(app: Hono): void {
	app.use(async (context, next) => {
		context.header("x-request-id", randomUUID());
		// Answers hold names and, at creation, a key: no cache may keep them and no page may frame or sniff them.
		context.header("cache-control", "no-store");
		context.header("x-content-type-options", "nosniff");
		context.header("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
		if (announcesTooMuch(context)) return problem(context, "body-too-large");
		await next();
		return undefined;
	});
	app.notFound((context) => problem(context, "not-found", { hint: "the paths are in docs/reference; see also 'rempart help'" }));
	// The error stays here: its message may name files and queries. What can be expected is answered where it happens.
	app.onError((_error, context) => problem(context, "internal-error", { hint: "run 'rempart doctor'" }));
}
