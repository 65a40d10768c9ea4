/** Reads a JSON body of a known shape, or says everything that is wrong with it. */
import type { Context } from "hono";
import * as z from "zod";

import { readText } from "./body-limit.ts";
import { problem } from "./problem.ts";

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly response: Response };

/** An empty body counts as `{}`, so that a bare POST works where everything is optional. */
export async function jsonBody<Schema extends z.ZodType>(context: Context, schema: Schema): Promise<Read<z.output<Schema>>> {
	const text = await readText(context);
	if (text === null) return { ok: false, response: problem(context, "body-too-large") };
	const type = context.req.header("content-type") ?? "";
	// A page of another site can send a form or plain text without being asked first (CORS preflight), but not JSON.
	if (text !== "" && !/^application\/json *(;|$)/i.test(type)) {
		return { ok: false, response: problem(context, "body-not-json", { hint: "send it with content-type: application/json" }) };
	}
	const parsed = parseJson(text);
	if (parsed === undefined) return { ok: false, response: problem(context, "body-not-json", { detail: "the body is not one JSON value" }) };
	return checked(context, schema, parsed.value);
}

const nothing = z.strictObject({});

/** Where there is nothing to say: the refusal of a body that says something, else null. */
export async function refusedBody(context: Context): Promise<Response | null> {
	const read = await jsonBody(context, nothing);
	return read.ok ? null : read.response;
}

export function checked<Schema extends z.ZodType>(context: Context, schema: Schema, value: unknown): Read<z.output<Schema>> {
	const result = schema.safeParse(value);
	if (result.success) return { ok: true, value: result.data };
	const problems = result.error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`));
	return { ok: false, response: problem(context, "request-invalid", { problems }) };
}

function parseJson(text: string): { readonly value: unknown } | undefined {
	if (text === "") return { value: {} };
	try {
		const value: unknown = JSON.parse(text);
		return { value };
	} catch {
		// What the parser says is about characters, and may quote the body.
		return undefined;
	}
}
