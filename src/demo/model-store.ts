/**
 * The models and blobs of the demonstration server: what `ollama list` shows, and what create, copy, delete, pull and blob uploads change.
 *
 *  - In memory alone; a restart brings the first models back.
 *  - Of an uploaded blob only its digest, size and whether it is a GGUF are kept, so uploads cost no memory.
 */
import {
	configLayer,
	EMBEDDING_WEIGHTS,
	type Layer,
	layerOf,
	manifestOf,
	paramsLayer,
	SCRIPTED_WEIGHTS,
	type Weights,
} from "./manifest.ts";
import { type Moments, rfc3339 } from "./moments.ts";
import { full, keyOf, type Spelling, shortest, spell } from "./spelling.ts";
import { BARE_TEMPLATE, type Message, type Template, templateOf } from "./template.ts";
import { CHAT, ENDLESS, THINK, TOOL } from "./vocabulary.ts";

/** How a model is made. */
export interface ModelSpec {
	readonly name: string;
	readonly weights: Weights;
	readonly template?: string;
	readonly system?: string;
	readonly license?: readonly string[];
	readonly parameters?: Readonly<Record<string, unknown>>;
	readonly messages?: readonly Message[];
	/** Display name of the model that it was made from. */
	readonly parent?: string;
}

export interface StoredModel extends ModelSpec {
	/** `door:latest`, and `registry.ollama.ai/library/door:latest`. */
	readonly shortName: string;
	readonly fullName: string;
	readonly spelling: Spelling;
	readonly layers: readonly Layer[];
	readonly digest: string;
	readonly size: number;
	readonly modifiedAt: string;
	readonly prompting: Template;
	readonly capabilities: readonly string[];
}

export interface Blob {
	readonly size: number;
	readonly gguf: boolean;
}

const TOOLS_BLOCK = "{{- if .Tools }}{{ .Tools }}{{ end }}";
const CALLS = `{{ if .ToolCalls }}{{ range .ToolCalls }}<tool_call>{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}</tool_call>{{ end }}{{ end }}`;
const THOUGHT = "{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}";

/** The models that a demonstration starts with. */
export const DEMONSTRATION_MODELS: readonly ModelSpec[] = [
	{ name: "door", weights: SCRIPTED_WEIGHTS, template: `{{ .System }}{{ .Prompt }}${CHAT}` },
	{
		name: "door-think",
		weights: SCRIPTED_WEIGHTS,
		template: `{{- range .Messages }}{{ .Role }}: {{ .Content }}${THOUGHT}\n{{ end }}${THINK}`,
	},
	{
		name: "door-tool",
		weights: SCRIPTED_WEIGHTS,
		template: `${TOOLS_BLOCK}{{- range .Messages }}{{ .Role }}: {{ .Content }}${CALLS}\n{{ end }}${TOOL}`,
	},
	{ name: "door-endless", weights: SCRIPTED_WEIGHTS, template: `{{ .Prompt }}${ENDLESS}` },
	{ name: "door-embed", weights: EMBEDDING_WEIGHTS },
];

/** Not there at first: `pull` brings it, as if from the registry. */
export const PULLABLE_MODEL: ModelSpec = {
	name: "door-visitor",
	weights: SCRIPTED_WEIGHTS,
	template: `{{ .Prompt }}${CHAT}`,
	license: ["Made up."],
};

export class ModelStore {
	readonly #models = new Map<string, StoredModel>();
	readonly #blobs = new Map<string, Blob>();
	readonly #moments: Moments;

	constructor(moments: Moments, models: readonly ModelSpec[]) {
		this.#moments = moments;
		for (const model of models) this.put(model);
	}

	list(): readonly StoredModel[] {
		return [...this.#models.values()];
	}

	find(name: Spelling): StoredModel | null {
		return this.#models.get(keyOf(name)) ?? null;
	}

	/** Makes or replaces a model. Its name must be one that `spell` reads. */
	put(spec: ModelSpec): StoredModel {
		const spelling = spell(spec.name);
		if (spelling === null) throw new Error(`not a model name: ${spec.name}`);
		const layers = layersOf(spec);
		for (const { digest, size } of [...layers, configLayer()]) this.#blobs.set(digest, { size, gguf: false });
		this.#blobs.set(spec.weights.layer.digest, { size: spec.weights.layer.size, gguf: true });
		const model: StoredModel = {
			...spec,
			spelling,
			shortName: shortest(spelling),
			fullName: full(spelling),
			layers,
			...manifestOf(layers),
			modifiedAt: rfc3339(this.#moments.now()),
			prompting: templateOf(spec.template ?? BARE_TEMPLATE),
			capabilities: capabilitiesOf(spec),
		};
		this.#models.set(keyOf(spelling), model);
		return model;
	}

	copy(source: StoredModel, target: Spelling): void {
		this.put({ ...source, name: full(target) });
	}

	/** Layers that no other model uses go with it. */
	remove(model: StoredModel): void {
		this.#models.delete(keyOf(model.spelling));
		const used = new Set(this.list().flatMap(({ layers }) => layers.map(({ digest }) => digest)));
		for (const { digest } of model.layers) if (!used.has(digest)) this.#blobs.delete(digest);
	}

	blob(digest: string): Blob | null {
		return this.#blobs.get(digest) ?? null;
	}

	addBlob(digest: string, blob: Blob): void {
		this.#blobs.set(digest, blob);
	}
}

/** In the order of Ollama's create: weights, template, system, licence, parameters, messages. */
export function layersOf(spec: ModelSpec): readonly Layer[] {
	const inherited = spec.parent === undefined ? {} : { from: spec.parent };
	return [
		{ ...spec.weights.layer, ...inherited },
		...(spec.template === undefined ? [] : [{ ...layerOf("template", spec.template), ...inherited }]),
		...(spec.system === undefined ? [] : [layerOf("system", spec.system)]),
		...(spec.license ?? []).map((license) => layerOf("license", license)),
		...(spec.parameters === undefined ? [] : [paramsLayer(spec.parameters)]),
		...(spec.messages === undefined ? [] : [layerOf("messages", `${JSON.stringify(spec.messages)}\n`)]),
	];
}

function capabilitiesOf(spec: ModelSpec): readonly string[] {
	if (spec.weights.embedding) return ["embedding"];
	const template = templateOf(spec.template ?? BARE_TEMPLATE);
	return ["completion", ...(template.takesTools ? ["tools"] : []), ...(template.takesThinking ? ["thinking"] : [])];
}
