/** Finds the models that a body names, judges their names and writes them back in the one spelling that is forwarded. */
import { type Decision, deny, permit } from "../model/decision.ts";
import { readModelName } from "../model/parse-model-name.ts";
import type { JsonValue, ModelUse } from "./judged-request.ts";
import type { ModelField } from "./operation.ts";

/**
 * Changes `body`: names become canonical, `name` is merged into `model`, an empty optional name is left out. The stock client sends
 * `{"model":"","name":"door"}` (recorded), so an empty one counts as absent.
 */
export function readModels(fields: readonly ModelField[], body: Record<string, JsonValue>): Decision<readonly ModelUse[]> {
	const uses: ModelUse[] = [];
	for (const field of fields) {
		const merged = field.name === "model" ? mergeTwin(body) : permit(textOf(body[field.name]));
		if (!merged.permitted) return merged;
		if (merged.value === null) {
			if (field.required) return deny("model-missing", field.name);
			delete body[field.name];
			continue;
		}
		const read = readModel(merged.value, field);
		if (read === null) return deny("model-name-invalid", `${field.name}: ${merged.value.slice(0, 200)}`);
		body[field.name] = read.forwarded;
		uses.push(read.use);
	}
	return permit(uses);
}

export function readModel(text: string, field: ModelField): { readonly use: ModelUse; readonly forwarded: string } | null {
	const read = readModelName(text);
	return read === null ? null : { use: { role: field.role, name: read.name, field: field.name }, forwarded: read.forwarded };
}

function mergeTwin(body: Record<string, JsonValue>): Decision<string | null> {
	const model = textOf(body["model"]);
	const name = textOf(body["name"]);
	delete body["name"];
	if (model === null || name === null || model === name) return permit(model ?? name);
	const [one, other] = [readModelName(model), readModelName(name)];
	if (one === null || other === null) return deny("model-name-invalid", "model and name");
	return one.name.full === other.name.full ? permit(model) : deny("body-duplicate-key", "model and name differ");
}

function textOf(value: JsonValue | undefined): string | null {
	return typeof value === "string" && value !== "" ? value : null;
}
