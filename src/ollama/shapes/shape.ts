/**
 * A small language in which the bodies of requests are described, compiled to functions that judge a value and copy it.
 *
 *  - What comes out is built here, member by member, from what was looked at: nothing unjudged is forwarded.
 *  - Members that Ollama's structs do not have are left out, as Ollama ignores them. Keys of maps (`free`, `map`) are data and are kept.
 *  - A key that equals a known one only after Go's case folding is refused: encoding/json would take it for the known one, and the last of the
 *    two wins (`{"model":"a","Model":"b"}` runs b). Go also folds U+017F to s and U+212A to k.
 *  - `null` for a known member means absent, as it does to encoding/json, and is left out. SDKs send it freely.
 *
 * Judging allocates nothing but the copy; a path to what is wrong is built only when something is.
 */
import type { Reason } from "../../model/reason.ts";
import type { JsonArray, JsonObject, JsonValue } from "../judged-request.ts";
import { isRawNumber } from "../raw-number.ts";

/** The copy of an acceptable value; undefined where it was refused, with the reason in `problem`. */
export type Shape = (value: JsonValue, problem: ShapeProblem) => JsonValue | undefined;

export interface ObjectShape extends Shape {
	readonly known: ReadonlySet<string>;
}

/** Filled in by the shape that refuses and by those around it. */
export class ShapeProblem {
	reason: Extract<Reason, "body-wrong-type" | "body-ambiguous-key"> = "body-wrong-type";
	expected = "";
	path = "";

	refuse(expected: string): undefined {
		this.expected = expected;
		return undefined;
	}

	/** A path is for the record: the keys in it are known ones, or positions. */
	under(step: string | number): undefined {
		this.path = `${typeof step === "number" ? `[${step}]` : `.${step}`}${this.path}`;
		return undefined;
	}

	get detail(): string {
		return `${this.path.startsWith(".") ? this.path.slice(1) : this.path || "body"}: ${this.expected}`;
	}
}

export const string: Shape = (value, problem) => (typeof value === "string" ? value : problem.refuse("expected a string"));

const SYMBOL = /^[A-Za-z0-9_.-]{0,64}$/;

/** A word out of a fixed list. Ollama trims some of these before comparing (`" web_search"` searches the web), so no space passes. */
export const symbol: Shape = (value, problem) =>
	typeof value === "string" && SYMBOL.test(value) ? value : problem.refuse("expected a plain word");

export const boolean: Shape = (value, problem) => (typeof value === "boolean" ? value : problem.refuse("expected true or false"));

/** Any number, as a double: that is what Ollama makes of it. */
export const number: Shape = (value, problem) => asDouble(value) ?? problem.refuse("expected a number");

export const integer: Shape = (value, problem) =>
	typeof value === "number" && Number.isSafeInteger(value) ? value : problem.refuse("expected an integer within 2^53");

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** For seeds, which clients draw at random from all 64 bits. */
export const integer64: Shape = (value, problem) => {
	if (typeof value === "number" && Number.isSafeInteger(value)) return value;
	if (!isRawNumber(value)) return problem.refuse("expected an integer");
	const exact = BigInt(value.rawJSON);
	return exact >= INT64.min && exact <= INT64.max ? value : problem.refuse("expected an integer within 64 bits");
};

/** An integer that may be written as a double; Ollama cuts off the fraction, so that is done here and judged. */
export function whole(limit: number): Shape {
	return (value, problem) => {
		const double = asDouble(value);
		return double !== undefined && Math.abs(double) <= limit ? Math.trunc(double) + 0 : problem.refuse(`expected a number within ${limit}`);
	};
}

/** Kept as it is: schemas, arguments of tools, metadata. */
export const free: Shape = (value) => value;

export const freeObject: Shape = (value, problem) => (isObject(value) ? value : problem.refuse("expected an object"));

export function array(element: Shape): Shape {
	return (value, problem) => {
		if (!isArray(value)) return problem.refuse("expected an array");
		const copy: JsonValue[] = [];
		for (let at = 0; at < value.length; at++) {
			const judged = element(value[at] ?? null, problem);
			if (judged === undefined) return problem.under(at);
			copy.push(judged);
		}
		return copy;
	};
}

/** An object whose keys are data. `Object.fromEntries` defines members, so `__proto__` stays one. */
export function map(member: Shape): Shape {
	return (value, problem) => {
		if (!isObject(value)) return problem.refuse("expected an object");
		const copy: [string, JsonValue][] = [];
		for (const [key, held] of Object.entries(value)) {
			const judged = member(held, problem);
			if (judged === undefined) return problem.under("*");
			copy.push([key, judged]);
		}
		return Object.fromEntries(copy);
	};
}

/** One of Ollama's structs: these members, each optional, and no other. */
export function object(members: Readonly<Record<string, Shape>>): ObjectShape {
	const shapes = new Map(Object.entries(members));
	const folded = new Set([...shapes.keys()].map(foldKey));
	const judge: Shape = (value, problem) => {
		if (!isObject(value)) return problem.refuse("expected an object");
		const copy: Record<string, JsonValue> = {};
		for (const key of Object.keys(value)) {
			const shape = shapes.get(key);
			if (shape === undefined) {
				if (!folded.has(foldKey(key))) continue;
				problem.reason = "body-ambiguous-key";
				return problem.refuse(`a variant of the key ${foldKey(key)}`);
			}
			const held = value[key];
			if (held === null || held === undefined) continue;
			const judged = shape(held, problem);
			if (judged === undefined) return problem.under(key);
			copy[key] = judged;
		}
		return copy;
	};
	return Object.assign(judge, { known: new Set(shapes.keys()) });
}

/** Chooses by the value's type, so that a refusal names the member inside and not the whole. */
export function either(shapes: {
	readonly string?: Shape;
	readonly boolean?: Shape;
	readonly number?: Shape;
	readonly array?: Shape;
	readonly object?: Shape;
}): Shape {
	const expected = `expected ${Object.keys(shapes).join(" or ")}`;
	return (value, problem) => {
		const shape = shapes[kindOf(value)];
		return shape === undefined ? problem.refuse(expected) : shape(value, problem);
	};
}

/** A shape that contains itself. */
export function lazy(shape: () => Shape): Shape {
	return (value, problem) => shape()(value, problem);
}

/** encoding/json's folding, as far as it can reach an ASCII key (`foldRune`). U+212A becomes k by lower-casing alone, U+017F does not become s. */
function foldKey(key: string): string {
	return key.replaceAll("ſ", "s").toLowerCase();
}

export function isObject(value: JsonValue): value is JsonObject {
	return typeof value === "object" && value !== null && !Array.isArray(value) && !isRawNumber(value);
}

/** `Array.isArray` does not narrow readonly arrays. */
function isArray(value: JsonValue): value is JsonArray {
	return Array.isArray(value);
}

function asDouble(value: JsonValue): number | undefined {
	if (typeof value === "number") return value;
	if (!isRawNumber(value)) return undefined;
	const double = Number(value.rawJSON);
	return Number.isFinite(double) ? double : undefined;
}

function kindOf(value: JsonValue): "string" | "boolean" | "number" | "array" | "object" {
	if (typeof value === "string") return "string";
	if (typeof value === "boolean") return "boolean";
	if (typeof value === "number" || isRawNumber(value)) return "number";
	return isArray(value) ? "array" : "object";
}
