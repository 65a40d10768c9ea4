/** Reading a judged JSON body without trusting its shape: what a look-up does not find, or finds of another type, is null. */
import type { JsonArray, JsonObject, JsonValue, JudgedRequest } from "../ollama/judged-request.ts";
import { isRawNumber } from "../ollama/raw-number.ts";

export function jsonBodyOf(judged: JudgedRequest): JsonObject | null {
	return judged.body.kind === "json" ? judged.body.value : null;
}

export function isJsonArray(value: JsonValue | undefined): value is JsonArray {
	return Array.isArray(value);
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Absent and null are one thing to Go: the field keeps its default. */
export function isAbsent(value: JsonValue | undefined): value is null | undefined {
	return value === undefined || value === null;
}

/** The number that Go would read; null where the value is none. An integer beyond a double comes rounded, which is near enough for a bound. */
export function numberOf(value: JsonValue | undefined): number | null {
	if (typeof value === "number") return value;
	return value !== undefined && isRawNumber(value) ? Number(value.rawJSON) : null;
}
