/** The options of a request, and requests with some of them changed. A change makes a new request; what was judged stays as it was. */
import type { JsonObject, JsonValue, JudgedRequest } from "../ollama/judged-request.ts";
import { isJsonObject, jsonBodyOf } from "../virtual-patches/json-body.ts";
import { amend, type Verdict } from "./criterion.ts";

export interface Options {
	/** Top-level key that holds them. */
	readonly key: "options" | "parameters";
	/** Null where the request has none. */
	readonly values: JsonObject | null;
}

/** `options` of an inference, `parameters` of a create (which every later request to the new model inherits); null for anything else. */
export function optionsOf(judged: JudgedRequest): Options | null {
	const { id, class: class_, dialect } = judged.operation;
	const key = id === "create" ? "parameters" : class_ === "infer" && dialect === "ollama" ? "options" : null;
	const body = jsonBodyOf(judged);
	if (key === null || body === null) return null;
	const values = body[key];
	return { key, values: isJsonObject(values) ? values : null };
}

/** Amends one option; `from` is what was asked, for the record. */
export function lower(judged: JudgedRequest, { key, values }: Options, option: string, to: number, from: string): Verdict {
	return amend(withField(judged, key, { ...values, [option]: to }), [`${key}.${option}: ${from} became ${to}`]);
}

/** Keeps the order of keys; undefined takes the field out. */
export function withField(judged: JudgedRequest, key: string, to: JsonValue | undefined): JudgedRequest {
	const body = jsonBodyOf(judged) ?? {};
	if (to !== undefined) return { ...judged, body: { kind: "json", value: { ...body, [key]: to } } };
	const { [key]: _, ...rest } = body;
	return { ...judged, body: { kind: "json", value: rest } };
}
