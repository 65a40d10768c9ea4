import type { Context } from "hono";

import { readText } from "../body-limit.ts";

/** The fields of a form; null where it is none, or too long. A field that comes twice is no field: two readers could take different ones. */
export async function formOf(context: Context): Promise<ReadonlyMap<string, string> | null> {
	if (!/^application\/x-www-form-urlencoded *(;|$)/i.test(context.req.header("content-type") ?? "")) return null;
	const text = await readText(context);
	if (text === null) return null;
	const fields = new URLSearchParams(text);
	return new Map([...fields].filter(([name]) => fields.getAll(name).length === 1));
}
