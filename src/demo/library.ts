/** What changes the store: create, copy, delete and uploads of blobs. */
import { createHash } from "node:crypto";

import { type Bound, recordOf, type Shape, textOf } from "./bind.ts";
import { type Exchange, type Handler, Refusal, read } from "./exchange.ts";
import { MODELS_DIRECTORY } from "./inventory.ts";
import { EMBEDDING_WEIGHTS, SCRIPTED_WEIGHTS, type Weights } from "./manifest.ts";
import { layersOf, type ModelSpec } from "./model-store.ts";
import { type Progress, progress } from "./progress.ts";
import { manifestUnreachable } from "./registry.ts";
import { full, type Spelling, spell } from "./spelling.ts";
import type { Message } from "./template.ts";

const CREATE: Shape = {
	struct: "CreateRequest",
	package: "api",
	fields: {
		model: "string",
		stream: "bool",
		quantize: "string",
		from: "string",
		remote_host: "string",
		files: "map[string]interface {}",
		adapters: "map[string]interface {}",
		template: "string",
		license: "any",
		system: "string",
		parameters: "map[string]interface {}",
		messages: "[]api.Message",
		renderer: "string",
		parser: "string",
		requires: "string",
		info: "map[string]interface {}",
		name: "string",
		quantization: "string",
	},
};
const COPY: Shape = { struct: "CopyRequest", package: "api", fields: { source: "string", destination: "string" } };
const DELETE: Shape = { struct: "DeleteRequest", package: "api", fields: { model: "string", name: "string" } };

const DIGEST = /^sha256[:-][0-9a-fA-F]{64}$/;

export const createRoute: Handler = async (exchange) => {
	const sent = await read(exchange, CREATE);
	const name = spell(sent.string("model") || sent.string("name"));
	if (name === null) throw new Refusal(400, "invalid model name");
	await progress(exchange, creation(exchange, sent, name), sent.bool("stream") ?? true);
};

async function* creation(exchange: Exchange, sent: Bound, name: Spelling): AsyncGenerator<Progress, void, void> {
	const base = yield* baseOf(exchange, sent);
	const template = sent.string("template") || base.template;
	const system = sent.string("system") || base.system;
	const parameters = { ...base.parameters, ...sent.record("parameters") };
	const messages = sent.list("messages").length > 0 ? sent.list("messages").map(messageOf) : base.messages;
	const license = [...(base.license ?? []), ...licensesOf(sent.any("license"))];
	const spec: ModelSpec = {
		name: full(name),
		weights: base.weights,
		...(template === undefined ? {} : { template }),
		...(system === undefined ? {} : { system }),
		...(Object.keys(parameters).length === 0 ? {} : { parameters }),
		...(messages === undefined ? {} : { messages }),
		...(license.length === 0 ? {} : { license }),
		...(base.parent === undefined ? {} : { parent: base.parent }),
	};
	for (const { digest } of layersOf(spec)) {
		yield { status: `${exchange.models.blob(digest) === null ? "creating new" : "using existing"} layer ${digest}` };
	}
	yield { status: "writing manifest" };
	exchange.models.put(spec);
	yield { status: "success" };
}

/** What the new model starts from: another model, or an uploaded file. */
async function* baseOf(exchange: Exchange, sent: Bound): AsyncGenerator<Progress, Omit<ModelSpec, "name">, void> {
	const from = sent.string("from");
	if (from !== "") {
		const name = spell(from);
		if (name === null) throw new Refusal(400, "invalid model name");
		const parent = exchange.models.find(name);
		if (parent !== null) return { ...parent, parent: parent.shortName };
		yield { status: "pulling manifest" };
		throw new Refusal(500, manifestUnreachable(name, false));
	}
	if (sent.any("files") === null) throw new Refusal(400, "neither 'from' or 'files' was specified");
	return { weights: yield* weightsOf(exchange, Object.values(sent.record("files")).map(textOf)) };
}

async function* weightsOf({ models }: Exchange, digests: readonly string[]): AsyncGenerator<Progress, Weights, void> {
	const [digest] = digests;
	const blob = digest === undefined ? null : models.blob(digest);
	if (digest === undefined || blob?.gguf === false) throw new Refusal(400, "unknown type");
	yield { status: "parsing GGUF" };
	if (blob === null) throw new Refusal(500, `open ${MODELS_DIRECTORY}/blobs/${digest.replace(":", "-")}: no such file or directory`);
	yield { status: "verifying conversion" };
	if (digest === EMBEDDING_WEIGHTS.layer.digest) return EMBEDDING_WEIGHTS;
	// Whatever weights were uploaded, the scripts are all that this server can play.
	return { ...SCRIPTED_WEIGHTS, layer: { ...SCRIPTED_WEIGHTS.layer, digest, size: blob.size } };
}

export const copyRoute: Handler = async (exchange) => {
	const sent = await read(exchange, COPY);
	const source = spell(sent.string("source"));
	if (source === null) throw new Refusal(400, `source ${JSON.stringify(sent.string("source"))} is invalid`);
	const target = spell(sent.string("destination"));
	if (target === null) throw new Refusal(400, `destination ${JSON.stringify(sent.string("destination"))} is invalid`);
	const model = exchange.models.find(source);
	if (model === null) throw new Refusal(404, `model ${JSON.stringify(sent.string("source"))} not found`);
	exchange.models.copy(model, target);
};

export const deleteRoute: Handler = async (exchange) => {
	const sent = await read(exchange, DELETE);
	const written = sent.string("model") || sent.string("name");
	if (written === "") throw new Refusal(400, "model is required");
	const name = spell(written);
	if (name === null) throw new Refusal(400, `name ${JSON.stringify(written)} is invalid`);
	const model = exchange.models.find(name);
	if (model === null) throw new Refusal(404, `model '${written}' not found`);
	exchange.models.remove(model);
};

export const blobHeadRoute: Handler = ({ models, parameter, reply }) => {
	const digest = digestOf(parameter);
	if (models.blob(digest) === null) throw new Refusal(404, `blob ${JSON.stringify(parameter)} not found`);
	reply.status = 200;
};

export const blobUploadRoute: Handler = async ({ models, parameter, reply, upload }) => {
	const digest = digestOf(parameter);
	// What is there already is not read: the connection closes under the upload, as with Go.
	if (models.blob(digest) !== null) return;
	const hash = createHash("sha256");
	const start: Buffer[] = [];
	let size = 0;
	for await (const part of upload) {
		if (size < 4) start.push(part);
		size += part.length;
		hash.update(part);
	}
	const found = `sha256:${hash.digest("hex")}`;
	if (found !== digest) throw new Refusal(400, `digest mismatch, expected ${JSON.stringify(parameter)}, got ${JSON.stringify(found)}`);
	models.addBlob(digest, { size, gguf: Buffer.concat(start).toString("latin1", 0, 4) === "GGUF" });
	reply.status = 201;
};

function digestOf(parameter: string): string {
	if (!DIGEST.test(parameter)) throw new Refusal(400, "invalid digest format");
	return parameter.replace("-", ":");
}

function licensesOf(license: unknown): readonly string[] {
	if (typeof license === "string") return license === "" ? [] : [license];
	return Array.isArray(license) ? license.filter((each) => typeof each === "string") : [];
}

function messageOf(sent: unknown): Message {
	const message = recordOf(sent);
	return { role: textOf(message["role"]), content: textOf(message["content"]) };
}
