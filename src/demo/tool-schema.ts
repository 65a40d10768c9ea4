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
	const own = { type: parameters["type"] ?? "", $defs: parameters["$defs"], items: parameters["items"], required: parameters["required"] };
	const properties = parameters["properties"] === undefined ? null : propertiesOf(parameters["properties"]);
	return { name, json: { type, function: { name, description: description || undefined, parameters: { ...own, properties } } } };
}

function propertiesOf(properties: unknown): unknown {
	return Object.fromEntries(Object.entries(recordOf(properties)).map(([name, property]) => [name, propertyOf(recordOf(property))]));
}

function propertyOf(property: Members): unknown {
	const { anyOf, type, items, description, enum: choices, properties, required } = property;
	const inner = properties === undefined ? undefined : propertiesOf(properties);
	const either = Array.isArray(anyOf) ? anyOf.map((each) => propertyOf(recordOf(each))) : undefined;
	return { anyOf: either, type, items, description: textOf(description) || undefined, enum: choices, properties: inner, required };
}
