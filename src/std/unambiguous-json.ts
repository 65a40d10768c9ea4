/**
 * Small JSON documents that cannot be read in two ways: what a token claims, what an identity provider answers.
 *
 *  - No object names a member twice. Readers differ in which of the two they take, so one that checks and one that acts could see different claims.
 *  - Nesting is bounded before anything is built.
 *
 * Duplicates are found by counting: as many colons stand outside strings as members are written, so fewer members in the result mean that one was
 * overwritten. The size is the caller's to bound.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

export type UnambiguousJson = { readonly object: JsonObject } | { readonly problem: string };

const MOST_DEPTH = 16;

/** Reads exactly one JSON object. A problem never quotes the text. */
export function parseUnambiguousJson(text: string): UnambiguousJson {
	const written = namesWrittenIn(text);
	if (written === null) return { problem: `nested more than ${MOST_DEPTH} deep` };
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		// The parser's message quotes what it failed on.
		return { problem: "not valid JSON" };
	}
	if (!isJsonObject(value)) return { problem: "not an object" };
	return namesIn(value) === written ? { object: value } : { problem: "names a member twice" };
}

export function isJsonObject(value: unknown): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Colons outside strings; null where it is nested too deeply. On what is no JSON the count means nothing, and the parser refuses it right after. */
function namesWrittenIn(text: string): number | null {
	let names = 0;
	let depth = 0;
	let quoted = false;
	for (let at = 0; at < text.length; at++) {
		const character = text.charAt(at);
		if (quoted) {
			if (character === "\\") at++;
			else if (character === '"') quoted = false;
		} else if (character === '"') quoted = true;
		else if (character === ":") names++;
		else if (character === "{" || character === "[") {
			depth++;
			if (depth > MOST_DEPTH) return null;
		} else if (character === "}" || character === "]") depth--;
	}
	return names;
}

function namesIn(value: unknown): number {
	if (typeof value !== "object" || value === null) return 0;
	if (Array.isArray(value)) return value.reduce((sum: number, element: unknown) => sum + namesIn(element), 0);
	return Object.values(value).reduce((sum: number, member: unknown) => sum + 1 + namesIn(member), 0);
}
