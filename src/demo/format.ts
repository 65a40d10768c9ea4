/** A text that keeps to a requested `format`. A real model is held to it token by token; the demonstration says the smallest value of the schema. */
import { recordOf } from "./bind.ts";
import { Refusal } from "./exchange.ts";

const DEEPEST = 20;

/** Null when no format was asked for. Throws Refusal. */
export function formattedAnswer(format: unknown): string | null {
	if (format === null || format === "") return null;
	if (format === "json") return JSON.stringify({ answer: "The door is closed." });
	if (typeof format !== "object" || Array.isArray(format)) {
		throw new Refusal(500, `invalid format: ${JSON.stringify(JSON.stringify(format))}; expected "json" or a valid JSON Schema object`);
	}
	return JSON.stringify(instanceOf(recordOf(format), 0));
}

function instanceOf(schema: Readonly<Record<string, unknown>>, depth: number): unknown {
	const choices = schema["enum"] ?? [schema["const"]];
	if (Array.isArray(choices) && choices[0] !== undefined) return choices[0];
	const type: unknown = Array.isArray(schema["type"]) ? schema["type"][0] : schema["type"];
	switch (type) {
		case "object":
			return depth < DEEPEST ? membersOf(schema, depth) : {};
		case "array":
			return [];
		case "boolean":
			return false;
		case "integer":
		case "number":
			return 0;
		case "null":
			return null;
		default:
			return "The door is closed.";
	}
}

function membersOf(schema: Readonly<Record<string, unknown>>, depth: number): unknown {
	const properties = Object.entries(recordOf(schema["properties"]));
	return Object.fromEntries(properties.map(([name, property]) => [name, instanceOf(recordOf(property), depth + 1)]));
}
