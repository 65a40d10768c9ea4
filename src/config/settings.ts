/** Every setting as documents show it, read from the JSON Schema, so that no list of settings exists beside the schema. */
import { configJsonSchema, type JsonSchema } from "./json-schema.ts";
import { nearest } from "./nearest.ts";
import { pathText, type SettingPath } from "./problem.ts";

export interface Setting {
	/** `limits.body`, `upstreams[].url`, `roles.<name>.classes`. */
	readonly path: string;
	/** `section`, or how it is written: `duration`, `true or false`, `one of clamp, refuse`. */
	readonly type: string;
	/** As it would be written; undefined where there is none. */
	readonly default: unknown;
	/** True where there is no default and the setting cannot be left out. */
	readonly required: boolean;
	readonly description: string;
	/** What becomes less safe, and when; null where nothing does. */
	readonly risk: string | null;
	/** As it would be written; undefined where the default shows it well enough. */
	readonly example: unknown;
}

/** In the order of the sections' files; a section comes before what it holds. */
export function listSettings(schema: JsonSchema = configJsonSchema()): readonly Setting[] {
	return settingsBelow(schema, "");
}

function settingsBelow(schema: JsonSchema, prefix: string): readonly Setting[] {
	const required = new Set(schema.required);
	return Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
		if (typeof child === "boolean") return [];
		const path = prefix === "" ? key : `${prefix}.${key}`;
		return [settingOf(child, path, required.has(key)), ...settingsBelow(child, path), ...entriesOf(child, path)];
	});
}

/** What each entry of a list of sections, or of a mapping by name, holds. */
function entriesOf({ items, additionalProperties }: JsonSchema, path: string): readonly Setting[] {
	if (isSchema(items)) return settingsBelow(items, `${path}[]`);
	return isSchema(additionalProperties) ? settingsBelow(additionalProperties, `${path}.<name>`) : [];
}

function settingOf(schema: JsonSchema, path: string, required: boolean): Setting {
	const { description = "", examples } = schema;
	const risk = typeof schema["risk"] === "string" ? schema["risk"] : null;
	return { path, type: typeOf(schema), default: schema.default, required, description, risk, example: examples?.[0] };
}

function typeOf(schema: JsonSchema): string {
	if (schema.anyOf !== undefined)
		return schema.anyOf
			.map((branch) => (isSchema(branch) ? typeOf(branch) : ""))
			.toReversed()
			.join(", or ");
	if (schema.const !== undefined) return String(schema.const);
	if (schema.enum !== undefined) return `one of ${schema.enum.join(", ")}`;
	if (schema.title !== undefined) return schema.title;
	if (schema.type === "integer") return `whole number, ${schema.minimum ?? 0} to ${schema.maximum ?? "any"}`;
	if (schema.type === "boolean") return "true or false";
	if (isSchema(schema.items)) return schema.items.properties === undefined ? `list of: ${typeOf(schema.items)}` : "list of sections";
	if (isSchema(schema.additionalProperties))
		return schema.additionalProperties.properties === undefined ? `${typeOf(schema.additionalProperties)} by name` : "sections by name";
	return "section";
}

/** The settings that a mapping at `path` may hold; empty where it is not a section. */
function knownKeys(schema: JsonSchema, path: SettingPath): readonly string[] {
	let here: unknown = schema;
	for (const step of path) {
		if (!isSchema(here)) return [];
		here = typeof step === "number" ? here.items : (here.properties?.[step] ?? here.additionalProperties);
	}
	return isSchema(here) ? Object.keys(here.properties ?? {}) : [];
}

/** What to do about a key that is not known where it stands: a slip of the finger first, then a setting that stands in another section. */
export function unknownKeyHint(schema: JsonSchema, parent: SettingPath, key: string): string {
	const siblings = knownKeys(schema, parent);
	const near = nearest(key, siblings);
	if (near !== undefined) return `did you mean ${pathText([...parent, near])}?`;
	const elsewhere = listSettings(schema).find(({ path }) => !path.includes("<") && path.endsWith(`.${key}`));
	if (elsewhere !== undefined) return `did you mean ${elsewhere.path}?`;
	return siblings.length === 0 ? "leave it out" : `settings here: ${siblings.join(", ")}`;
}

function isSchema(value: unknown): value is JsonSchema {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
