/**
 * The one form that Ollama takes: POST /v1/audio/transcriptions. Known fields once each, rebuilt in one order; others are left out.
 *
 * Go keeps parts with a file name apart from those without, so `file` must have one and the others must not.
 */
import { isUtf8 } from "node:buffer";

import { type Decision, deny, permit } from "../model/decision.ts";
import type { FormField, JudgedRequest } from "./judged-request.ts";
import { readModel } from "./models-of.ts";
import { parseMultipart } from "./multipart.ts";
import type { Operation } from "./operation.ts";

const TEXTS = ["model", "response_format", "language", "prompt"];
const FILE = "file";

export interface FormInput {
	readonly operation: Operation;
	readonly method: string;
	readonly contentType: string | undefined;
	readonly body: Buffer | null;
}

export function understandForm({ operation, method, contentType, body }: FormInput): Decision<JudgedRequest> {
	if (body === null || body.length === 0) return deny("body-missing");
	const parsed = parseMultipart(body, contentType);
	if ("problem" in parsed) return deny("body-not-multipart", parsed.problem);

	const known = new Map<string, FormField>();
	const droppedKeys: string[] = [];
	for (const field of parsed.fields) {
		if (field.name !== FILE && !TEXTS.includes(field.name)) {
			droppedKeys.push(field.name);
			continue;
		}
		if (known.has(field.name)) return deny("body-duplicate-key", field.name);
		if ((field.name === FILE) !== (field.filename !== null))
			return deny("body-wrong-type", `${field.name}: ${field.name === FILE ? "no" : "a"} file`);
		if (field.name !== FILE && !isUtf8(field.value)) return deny("body-wrong-type", `${field.name}: not valid UTF-8`);
		known.set(field.name, field);
	}
	const file = known.get(FILE);
	if (file === undefined || file.value.length === 0) return deny("body-wrong-type", "file: missing or empty");
	const sentModel = known.get("model")?.value.toString("utf8") ?? "";
	const [modelField] = operation.models;
	if (sentModel === "" || modelField === undefined) return deny("model-missing", "model");
	const model = readModel(sentModel, modelField);
	if (model === null) return deny("model-name-invalid", `model: ${sentModel.slice(0, 200)}`);

	const fields: FormField[] = TEXTS.flatMap((name): FormField[] => {
		const value = name === "model" ? Buffer.from(model.forwarded, "latin1") : known.get(name)?.value;
		return value === undefined ? [] : [{ name, filename: null, contentType: null, value }];
	});
	fields.push({ name: FILE, filename: plain(file.filename ?? ""), contentType: file.contentType, value: file.value });
	return permit({
		operation,
		method,
		path: operation.path,
		parameter: null,
		body: { kind: "multipart", fields },
		models: [model.use],
		streaming: false,
		usageAsked: false,
		droppedKeys,
	});
}

/** Ollama does not look at it; an extension may tell an older server what the audio is. */
function plain(filename: string): string {
	const kept = filename.replace(/[^A-Za-z0-9._-]/g, "_").slice(-100);
	return kept === "" ? "file" : kept;
}
