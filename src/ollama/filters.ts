/**
 * Cuts an answer about models down to what the caller may know.
 *
 *  - Lists keep only the models whose canonical name the caller may name. A name that cannot be read is left out.
 *  - `show` loses template, system prompt, modelfile, license and messages unless revealed. The modelfile holds all the others and the blob's path
 *    on the server. What is left out is absent, as Ollama itself leaves out what a model does not have, so clients read the rest.
 *  - A parent model that is a path of the server, or a model that the caller may not name, is left empty.
 *  - Fails closed: an answer of another shape than expected is a fault, and is not shown.
 */
import { Fault } from "../model/fault.ts";
import type { ModelName } from "../model/model-name.ts";
import { parseModelName } from "../model/parse-model-name.ts";
import { REVEALED, type Revealed } from "../model/policy-spec.ts";
import type { JsonArray, JsonObject, JsonValue } from "./judged-request.ts";
import type { ResponseFilter } from "./operation.ts";

/** What a caller may know. */
export interface AnswerView {
	mayName(name: ModelName): boolean;
	reveals(what: Revealed): boolean;
}

/** For whole answers of status 200. An empty body, as an answer to HEAD has, stays empty. Throws `Fault("upstream-malformed")`. */
export function filterAnswer(filter: ResponseFilter, body: Buffer, view: AnswerView): Buffer {
	if (body.length === 0) return body;
	const answer = parse(body);
	return Buffer.from(JSON.stringify(filtered(filter, answer, view)), "utf8");
}

function filtered(filter: ResponseFilter, answer: JsonObject, view: AnswerView): JsonObject {
	switch (filter) {
		case "tags":
		case "ps":
			return {
				models: listOf(answer["models"])
					.filter((model) => isNamable(model, ["name", "model"], view))
					.map((model) => withoutParent(model, view)),
			};
		case "v1-models":
			return { object: "list", data: listOf(answer["data"]).filter((model) => isNamable(model, ["id"], view)) };
		case "v1-model":
			if (!isNamable(answer, ["id"], view)) throw malformed("describes a model that was not asked for");
			return answer;
		case "show":
			return shown(answer, view);
		case "version":
			if (typeof answer["version"] !== "string") throw malformed("has no version");
			return { version: answer["version"] };
	}
}

function shown(answer: JsonObject, view: AnswerView): JsonObject {
	if (!("model_info" in answer) && !("details" in answer)) throw malformed("describes no model");
	const hidden = new Set<string>(REVEALED.filter((what) => !view.reveals(what)));
	const kept = Object.entries(answer).filter(([key]) => !hidden.has(key));
	return withoutParent(Object.fromEntries(kept), view);
}

/** Every name that the entry has must be one that the caller may name, and it must have the first. */
function isNamable(model: JsonObject, keys: readonly string[], view: AnswerView): boolean {
	return keys.every((key, at) => {
		const text = model[key];
		if (text === undefined && at > 0) return true;
		const name = typeof text === "string" ? parseModelName(text) : null;
		return name !== null && view.mayName(name);
	});
}

function withoutParent(model: JsonObject, view: AnswerView): JsonObject {
	const { details } = model;
	if (details === undefined || details === null) return model;
	if (!isObject(details)) throw malformed("has details that are no object");
	const parent = details["parent_model"];
	if (parent === undefined || parent === "") return model;
	const name = typeof parent === "string" ? parseModelName(parent) : null;
	return name !== null && view.mayName(name) ? model : { ...model, details: { ...details, parent_model: "" } };
}

/** Go writes an empty list as null where nothing was ever added to it. */
function listOf(value: JsonValue | undefined): readonly JsonObject[] {
	if (value === null) return [];
	if (value === undefined || !isArray(value)) throw malformed("has no list of models");
	return value.map((element) => {
		if (!isObject(element)) throw malformed("lists something that is no object");
		return element;
	});
}

function parse(body: Buffer): JsonObject {
	let answer: JsonValue;
	try {
		answer = JSON.parse(body.toString("utf8"));
	} catch (error) {
		throw new Fault("upstream-malformed", "an answer to be filtered is not JSON", { cause: error });
	}
	if (!isObject(answer)) throw malformed("is no object");
	return answer;
}

function isObject(value: JsonValue): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `Array.isArray` does not narrow readonly arrays. */
function isArray(value: JsonValue): value is JsonArray {
	return Array.isArray(value);
}

function malformed(what: string): Fault {
	return new Fault("upstream-malformed", `an answer to be filtered ${what}`);
}
