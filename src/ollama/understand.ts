/**
 * What is asked, exactly: from an operation and a body to a `JudgedRequest`, and from that to the bytes that are sent upstream.
 *
 *  - What is forwarded is built from what was judged: strict JSON, known members, model names in one spelling. The caller's bytes go no further.
 *  - `model` and its deprecated twin `name` become one `model`. Ollama prefers `model`; two different ones are refused.
 *  - Model names are forwarded short, without default host and namespace, with a tag only where the caller wrote one: Ollama's answers echo the name.
 *  - A stream of OpenAI's dialect is always asked for its usage; the meter takes it out again where the caller did not ask.
 *
 * Content types: Ollama reads any as JSON. Here `application/json`, none, and `application/x-www-form-urlencoded` are read so, the last because
 * `curl -d` says that unless told otherwise (recorded). A page of a foreign origin can send it as well, but not with a credential in a header;
 * `text/plain`, which an HTML form can send unaided, is refused.
 */
import { type Decision, deny, permit } from "../model/decision.ts";
import { parseDigest } from "./digest.ts";
import type { JsonObject, JsonValue, JudgedBody, JudgedRequest } from "./judged-request.ts";
import { readModel, readModels } from "./models-of.ts";
import { serialiseMultipart } from "./multipart.ts";
import type { Operation } from "./operation.ts";
import { isObject, type ObjectShape, ShapeProblem } from "./shapes/shape.ts";
import { SHAPES } from "./shapes/shapes.ts";
import { type JsonLimits, parseStrictJson } from "./strict-json.ts";
import { understandForm } from "./understand-form.ts";

export type UnderstandLimits = JsonLimits;

export interface UnderstandInput {
	readonly operation: Operation;
	/** The last segment of the path as sent, where the operation's path has a parameter. */
	readonly parameter: string | null;
	readonly method: string;
	readonly contentType: string | undefined;
	/** Whole; null where there is none, and for blobs, which are not read. */
	readonly body: Buffer | null;
	/** Bytes as declared, for blobs. */
	readonly bodyLength: number | null;
}

export function understand(input: UnderstandInput, limits: UnderstandLimits): Decision<JudgedRequest> {
	switch (input.operation.body) {
		case "json":
			return understandJson(input, limits);
		case "multipart":
			return understandForm(input);
		case "blob":
			return understandBlob(input);
		case "none":
			return understandBare(input);
	}
}

export interface Serialised {
	/** Text is to be sent as UTF-8. */
	readonly body: string | Buffer;
	/** Length when sent. */
	readonly bytes: number;
	readonly contentType: string;
}

/** The body as the upstream gets it; null where it has none or is streamed. */
export function serialise({ body }: JudgedRequest): Serialised | null {
	switch (body.kind) {
		case "json": {
			const text = JSON.stringify(body.value);
			return { body: text, bytes: Buffer.byteLength(text), contentType: "application/json" };
		}
		case "multipart": {
			const { bytes, contentType } = serialiseMultipart(body.fields);
			return { body: bytes, bytes: bytes.length, contentType };
		}
		case "none":
		case "blob":
			return null;
	}
}

function understandJson(input: UnderstandInput, limits: UnderstandLimits): Decision<JudgedRequest> {
	const { operation, body } = input;
	if (body === null || body.length === 0) return deny("body-missing");
	if (!isReadAsJson(input.contentType)) return deny("content-type-unsupported", input.contentType ?? null);
	const parsed = parseStrictJson(body, limits);
	if ("problem" in parsed) return deny(parsed.problem, parsed.detail);
	if (!isObject(parsed.value)) return deny("body-wrong-type", "body: expected an object");

	const shape = shapeOf(operation);
	const problem = new ShapeProblem();
	const copy = shape(parsed.value, problem);
	if (copy === undefined || !isObject(copy)) return deny(problem.reason, problem.detail);

	const value: Record<string, JsonValue> = { ...copy };
	const models = readModels(operation.models, value);
	if (!models.permitted) return models;
	const streaming = streams(operation, value);
	const usageAsked = asksForUsage(value);
	if (streaming && (operation.usage === "openai-chat" || operation.usage === "openai-completion"))
		value["stream_options"] = { include_usage: true };
	return permit(
		judgedOf(input, { kind: "json", value }, { models: models.value, streaming, usageAsked, droppedKeys: droppedOf(parsed.value, shape) }),
	);
}

function understandBlob(input: UnderstandInput): Decision<JudgedRequest> {
	const digest = parseDigest(input.parameter ?? "");
	if (digest === null) return deny("digest-invalid");
	return permit(judgedOf({ ...input, parameter: digest }, { kind: "blob", digest, length: input.bodyLength }, {}));
}

const USER_KEY = /^[A-Za-z0-9_-]{1,512}$/;

/** No body; the parameter, where there is one, is a model, a digest or a user's key. */
function understandBare(input: UnderstandInput): Decision<JudgedRequest> {
	if (input.body !== null && input.body.length > 0) return deny("body-unexpected");
	const { operation, parameter } = input;
	if (parameter === null) return permit(judgedOf(input, { kind: "none" }, {}));
	const field = operation.models.find((model) => model.in === "path");
	if (field !== undefined) {
		const use = readModel(decodeModel(parameter), field);
		if (use === null) return deny("model-name-invalid", parameter.slice(0, 200));
		return permit(judgedOf({ ...input, parameter: encodeModel(use.forwarded) }, { kind: "none" }, { models: [use.use] }));
	}
	if (operation.path.endsWith(":digest")) {
		const digest = parseDigest(parameter);
		return digest === null ? deny("digest-invalid") : permit(judgedOf({ ...input, parameter: digest }, { kind: "none" }, {}));
	}
	return USER_KEY.test(parameter) ? permit(judgedOf(input, { kind: "none" }, {})) : deny("operation-unknown", "not a user's key");
}

function judgedOf(
	{ operation, parameter, method }: UnderstandInput,
	body: JudgedBody,
	{ models = [], streaming = false, usageAsked = false, droppedKeys = [] }: Partial<JudgedRequest>,
): JudgedRequest {
	const path = parameter === null ? operation.path : operation.path.slice(0, operation.path.lastIndexOf("/") + 1) + parameter;
	return { operation, method, path, parameter, body, models, streaming, usageAsked, droppedKeys };
}

function isReadAsJson(contentType: string | undefined): boolean {
	if (contentType === undefined || contentType === "application/json") return true;
	const semicolon = contentType.indexOf(";");
	const type = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
	return type === "" || type === "application/json" || type === "application/x-www-form-urlencoded";
}

function shapeOf(operation: Operation): ObjectShape {
	const shape = SHAPES.get(operation.id);
	// A row of the table without a shape is a bug, and a test walks the table.
	if (shape === undefined) throw new Error(`no shape for ${operation.id}`);
	return shape;
}

function streams(operation: Operation, body: JsonObject): boolean {
	if (operation.streams === "ndjson-by-default") return body["stream"] !== false;
	return operation.streams === "sse-when-asked" && body["stream"] === true;
}

function asksForUsage(body: JsonObject): boolean {
	const options = body["stream_options"];
	return options !== undefined && isObject(options) && options["include_usage"] === true;
}

const MOST_DROPPED = 32;
const NONE_DROPPED: readonly string[] = Object.freeze([]);

function droppedOf(sent: JsonObject, shape: ObjectShape): readonly string[] {
	const keys = Object.keys(sent);
	if (keys.every((key) => shape.known.has(key))) return NONE_DROPPED;
	const dropped = keys.filter((key) => !shape.known.has(key));
	return dropped.length > MOST_DROPPED ? dropped.slice(0, MOST_DROPPED) : dropped;
}

/** Undoes only the escapes that SDKs need, those of `:` and `/`; a percent sign that stays makes the name invalid. */
function decodeModel(segment: string): string {
	return segment.includes("%") ? segment.replace(/%3[Aa]/g, ":").replace(/%2[Ff]/g, "/") : segment;
}

function encodeModel(name: string): string {
	return name.replaceAll("/", "%2F");
}
