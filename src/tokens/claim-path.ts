/**
 * Where in a token's claims something stands: `groups`, `realm_access.roles`, `resource_access.my\.client.roles`, `https://example.org/roles`.
 *
 *  - What holds `://` is one name, since claims of one's own are named by URIs (RFC 7519 §4.2); else dots part the steps, and `\.` is a dot.
 *  - Only what the token itself holds is found: no name leads to what every object inherits.
 */
import { isJsonObject, type JsonObject } from "../std/unambiguous-json.ts";

export function stepsOf(path: string): readonly string[] {
	if (path.includes("://")) return [path];
	return path.split(/(?<!\\)\./).map((step) => step.replaceAll("\\.", "."));
}

export function claimAt(claims: JsonObject, path: string): unknown {
	let value: unknown = claims;
	for (const step of stepsOf(path)) {
		if (!isJsonObject(value) || !Object.hasOwn(value, step)) return undefined;
		value = value[step];
	}
	return value;
}

/** Claims that hold several values in one text (RFC 8693 §4.2; Entra's name of it). */
const SPACED = new Set(["scope", "scp"]);

/** The values of a claim as texts: of a list each, of `scope` each word. What is neither text, number nor truth value is none. */
export function valuesAt(claims: JsonObject, path: string): readonly string[] {
	const value = claimAt(claims, path);
	if (typeof value === "string" && SPACED.has(path)) return value.split(" ").filter((word) => word !== "");
	return Array.isArray(value) ? value.flatMap(textOf) : textOf(value);
}

function textOf(value: unknown): readonly string[] {
	if (typeof value === "string") return [value];
	return typeof value === "number" || typeof value === "boolean" ? [String(value)] : [];
}
