/**
 * POST /api/create (`api.CreateRequest`).
 *
 * Digests are brought into one spelling. What is no digest, and the keys `path` and `modelfile` of servers before 0.5.5, are kept as sent: they
 * are steps of known attacks, and the virtual patches stop them by name, which says more in the record than a wrong type would.
 */
import { parseDigest } from "../digest.ts";
import { message } from "./native-values.ts";
import { array, boolean, either, freeObject, map, object, type Shape, string } from "./shape.ts";

const digest: Shape = (value, problem) => (typeof value === "string" ? (parseDigest(value) ?? value) : problem.refuse("expected a digest"));

export const create = object({
	model: string,
	name: string,
	stream: boolean,
	quantize: string,
	quantization: string,
	draft_quantize: string,
	from: string,
	remote_host: string,
	files: map(digest),
	draft_files: map(digest),
	adapters: map(digest),
	template: string,
	license: either({ string, array: array(string) }),
	system: string,
	parameters: freeObject,
	messages: array(message),
	renderer: string,
	parser: string,
	requires: string,
	info: freeObject,
	// Before 0.5.5; see above.
	path: string,
	modelfile: string,
});
