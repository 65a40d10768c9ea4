/**
 * Numbers that a double cannot hold, kept as the digits that were sent (TC39 "JSON.parse source text access"; V8 has it, the compiler's
 * library does not declare it yet).
 */
import type { JsonValue, RawNumber } from "./judged-request.ts";

declare global {
	interface JSON {
		parse(
			text: string,
			reviver: (this: unknown, key: string, value: JsonValue, context: { readonly source?: string }) => JsonValue,
		): JsonValue;
		rawJSON(text: string): RawNumber;
		isRawJSON(value: unknown): value is RawNumber;
	}
}

/** Not told by its shape: a caller may well send an object with a member `rawJSON`. */
export function isRawNumber(value: JsonValue): value is RawNumber {
	return JSON.isRawJSON(value);
}
