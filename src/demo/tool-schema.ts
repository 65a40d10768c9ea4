/** Offered tools in the form that Ollama puts into a prompt: known members only, in its order. Prompt token counts depend on it. */
import { recordOf, textOf } from "./bind.ts";
import type { OfferedTool } from "./chat.ts";

type Members = Readonly<Record<string, unknown>>;

/** A tool as the native and the OpenAI chat dialects send it. */
export function nativeTool(sent: unknown): OfferedTool {
	const tool = recordOf(sent);
	const called = recordOf(tool["function"]);
	return offered(textOf(tool["type"]), textOf(called["name"]), textOf(called["description"]), recordOf(called["parameters"]));
}

/** A tool of which only name, description and JSON Schema are known. */
export function functionTool(name: unknown, description: unknown, schema: unknown): OfferedTool {
	return offered("function", textOf(name), textOf(description), recordOf(schema));
}

function offered(type: string, name: string, description: string, parameters: Members): OfferedTool {
	const own = { type: parameters["type"] ?? "", $defs: parameters["$defs"], items: parameters["items"], required: requiredOf(parameters) };
	const properties = parameters["properties"] === undefined ? null : propertiesOf(parameters["properties"]);
	return { name, json: { type, function: { name, description, parameters: { ...own, properties } } } };
}

function propertiesOf(properties: unknown): unknown {
	const inOrder = Object.entries(recordOf(properties)).toSorted(([a], [b]) => (a < b ? -1 : 1));
	return Object.fromEntries(inOrder.map(([name, property]) => [name, propertyOf(recordOf(property))]));
}

function propertyOf(property: Members): unknown {
	const { anyOf, type, items, description, enum: choices, properties } = property;
	const inner = properties === undefined ? undefined : propertiesOf(properties);
	const either = Array.isArray(anyOf) ? anyOf.map((each) => propertyOf(recordOf(each))) : undefined;
	return {
		anyOf: either,
		type,
		items,
		description: textOf(description) || undefined,
		enum: choices,
		properties: inner,
		required: requiredOf(property),
	};
}

function requiredOf({ required }: Members): unknown {
	return Array.isArray(required) && required.length > 0 ? required : undefined;
}
