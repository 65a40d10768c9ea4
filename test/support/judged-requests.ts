/** Judged requests as the parser would make them, for tests that begin behind it. */
import assert from "node:assert/strict";

import { DEFAULT_HOST, DEFAULT_NAMESPACE, DEFAULT_TAG, type ModelName } from "../../src/model/model-name.ts";
import { parseModelName } from "../../src/model/parse-model-name.ts";
import type { JsonObject, JudgedBody, JudgedRequest, ModelUse } from "../../src/ollama/judged-request.ts";
import type { Operation } from "../../src/ollama/operation.ts";
import { OPERATIONS } from "../../src/ollama/operations.ts";

export function operationOf(id: string): Operation {
	return OPERATIONS.find((operation) => operation.id === id) ?? assert.fail(`no operation ${id}`);
}

/** A request with a JSON body; its models are taken from where the operation says they are. */
export function jsonRequest(id: string, body: JsonObject): JudgedRequest {
	return requestOf(id, { kind: "json", value: body });
}

/** A request without a body, with the value of its path's parameter. */
export function bareRequest(id: string, parameter: string | null = null): JudgedRequest {
	return requestOf(id, { kind: "none" }, parameter);
}

export function blobRequest(length: number | null, digest = `sha256:${"a".repeat(64)}`): JudgedRequest {
	return requestOf("blob-upload", { kind: "blob", digest, length }, digest);
}

function requestOf(id: string, body: JudgedBody, parameter: string | null = null): JudgedRequest {
	const operation = operationOf(id);
	const models: ModelUse[] = [];
	for (const field of operation.models) {
		const text = field.in === "path" ? parameter : body.kind === "json" ? body.value[field.name] : undefined;
		if (typeof text === "string" && text !== "")
			models.push({ role: field.role, name: parseModelName(text) ?? nameOf(text), field: field.name });
	}
	return {
		operation,
		method: operation.methods[0] ?? assert.fail(),
		path: operation.path.replace(/:\w+$/, parameter ?? ""),
		parameter,
		body,
		models,
		streaming: false,
		usageAsked: false,
		droppedKeys: [],
	};
}

/** Puts a name together from plainly written parts. It proves nothing about the grammar: names that no parser lets through can be made. */
export function nameOf(text: string): ModelName {
	const parts = text.toLowerCase().split("/");
	const last = parts.pop() ?? "";
	const [model = "", tag = DEFAULT_TAG] = last.split(":");
	const namespace = parts.pop() ?? DEFAULT_NAMESPACE;
	const host = parts.join("/") || DEFAULT_HOST;
	const full = `${host}/${namespace}/${model}:${tag}`;
	const shortHost = host === DEFAULT_HOST ? "" : `${host}/`;
	const shortNamespace = shortHost === "" && namespace === DEFAULT_NAMESPACE ? "" : `${namespace}/`;
	return {
		host,
		namespace,
		model,
		tag,
		full,
		short: `${shortHost}${shortNamespace}${model}:${tag}`,
		cloud: tag === "cloud" || tag.endsWith("-cloud"),
	};
}
