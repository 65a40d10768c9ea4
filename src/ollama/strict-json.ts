/**
 * Reads a body as exactly one JSON value, or says why not.
 *
 *  - Valid UTF-8, no byte order mark, one value and nothing after it (RFC 8259 §2 and §8.1; Ollama takes invalid UTF-8 and ignores what follows).
 *  - No object names a member twice. Ollama would take the last one; JavaScript as well, but only of equal spelling after escapes are undone.
 *  - Depth and number of members are bounded before anything is built: one linear scan of the bytes runs ahead of the parser.
 *  - Integers beyond 2^53 keep their digits; numbers beyond a double are refused, since they would be written as `null`.
 *  - `__proto__` is a member like any other.
 *
 * Duplicates are found by counting: as many colons stand outside strings as members are written, so fewer members in the result mean that one
 * was overwritten. That needs no parser of our own.
 */
import { isUtf8 } from "node:buffer";

import type { Reason } from "../model/reason.ts";
import type { JsonValue } from "./judged-request.ts";
import { isRawNumber } from "./raw-number.ts";

export interface JsonLimits {
	/** Nesting of objects and arrays; a scalar has depth 0. */
	readonly maxDepth: number;
	/** Members of objects and elements of arrays, all together. */
	readonly maxMembers: number;
}

export type StrictJson = { readonly value: JsonValue } | JsonProblem;

export interface JsonProblem {
	readonly problem: Extract<Reason, "body-not-json" | "body-too-deep" | "body-duplicate-key" | "body-wrong-type">;
	/** For the record. */
	readonly detail: string;
}

export function parseStrictJson(bytes: Buffer, limits: JsonLimits): StrictJson {
	if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return notJson("starts with a byte order mark");
	if (!isUtf8(bytes)) return notJson("is not valid UTF-8");
	const scan = scanBytes(bytes, limits);
	if ("problem" in scan) return scan;

	const numbers = { overflowed: false };
	let value: JsonValue;
	try {
		const text = bytes.toString("utf8");
		value = scan.unusualNumbers ? JSON.parse(text, keepNumbers(numbers)) : JSON.parse(text);
	} catch (error) {
		return notJson(error instanceof SyntaxError ? withoutContent(error.message) : "cannot be parsed");
	}
	if (numbers.overflowed) return { problem: "body-wrong-type", detail: "a number is too large for a double" };

	const tally = { names: 0, malformedName: false };
	count(value, tally, scan.escapes);
	if (tally.malformedName) return notJson("a member's name is not well-formed Unicode");
	if (tally.names !== scan.names)
		return { problem: "body-duplicate-key", detail: `${scan.names} members written, ${tally.names} distinct` };
	return { value };
}

interface Scan {
	/** Members written: colons outside strings. */
	readonly names: number;
	/** An integer of 16 digits and more, or an exponent. */
	readonly unusualNumbers: boolean;
	/** Whether a string has any escape. */
	readonly escapes: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Digits of 2^53: shorter integers are exact. */
const SAFE_DIGITS = 15;

/** Counts what stands outside strings. On what is no JSON the counts mean nothing, and the parser refuses it right after. */
function scanBytes(bytes: Buffer, { maxDepth, maxMembers }: JsonLimits): Scan | JsonProblem {
	const length = bytes.length;
	let depth = 0;
	let names = 0;
	let commas = 0;
	let digits = 0;
	let unusualNumbers = false;
	for (let at = 0; at < length; at++) {
		const byte = bytes[at];
		if (byte === QUOTE) {
			at = endOfString(bytes, at + 1);
			digits = 0;
		} else if (byte !== undefined && byte >= 0x30 && byte <= 0x39) {
			digits++;
			if (digits > SAFE_DIGITS) unusualNumbers = true;
		} else {
			if (byte === 0x3a) names++;
			else if (byte === 0x2c) commas++;
			else if (byte === 0x7b || byte === 0x5b) {
				depth++;
				if (depth > maxDepth) return { problem: "body-too-deep", detail: `nested more than ${maxDepth} deep` };
			} else if (byte === 0x7d || byte === 0x5d) depth--;
			else if ((byte === 0x65 || byte === 0x45) && digits > 0) unusualNumbers = true;
			digits = 0;
		}
		if (names + commas > maxMembers) return { problem: "body-too-deep", detail: `more than ${maxMembers} members` };
	}
	return { names, unusualNumbers, escapes: bytes.includes(BACKSLASH) };
}

/** How many bytes of a string are looked at one by one before the rest is searched natively: long ones are images in base64. */
const SHORT_STRING = 64;

/** Position of the closing quote, or the end of the bytes. */
function endOfString(bytes: Buffer, start: number): number {
	let at = start;
	for (;;) {
		const stop = at + SHORT_STRING;
		for (; at < stop; at++) {
			const byte = bytes[at];
			if (byte === QUOTE || byte === undefined) return at;
			if (byte === BACKSLASH) at++;
		}
		const quote = bytes.indexOf(QUOTE, at);
		if (quote < 0) return bytes.length;
		let backslashes = 0;
		while (quote - backslashes > at && bytes[quote - backslashes - 1] === BACKSLASH) backslashes++;
		if (backslashes % 2 === 0) return quote;
		at = quote + 1;
	}
}

type NumberReviver = (this: unknown, key: string, value: JsonValue, context: { readonly source?: string }) => JsonValue;

function keepNumbers(numbers: { overflowed: boolean }): NumberReviver {
	return (_key, value, { source }) => {
		if (typeof value !== "number") return value;
		if (!Number.isFinite(value)) numbers.overflowed = true;
		// A number written with a point or an exponent is a double for Ollama too; only integers can lose digits.
		else if (source !== undefined && !Number.isSafeInteger(value) && /^-?[0-9]+$/.test(source)) return JSON.rawJSON(source);
		return value;
	};
}

/**
 * Counts the members of all objects. A lone surrogate in a name is refused: Ollama reads each as U+FFFD, so two names that differ here would be
 * one there.
 */
function count(value: JsonValue, tally: { names: number; malformedName: boolean }, escapes: boolean): void {
	if (typeof value !== "object" || value === null || isRawNumber(value)) return;
	if (isArray(value)) {
		for (const element of value) if (typeof element === "object") count(element, tally, escapes);
		return;
	}
	const names = Object.keys(value);
	tally.names += names.length;
	for (const name of names) {
		if (escapes && !name.isWellFormed()) tally.malformedName = true;
		const member = value[name];
		if (typeof member === "object") count(member, tally, escapes);
	}
}

/** `Array.isArray` does not narrow readonly arrays. */
function isArray(value: object): value is readonly JsonValue[] {
	return Array.isArray(value);
}

function notJson(detail: string): JsonProblem {
	return { problem: "body-not-json", detail };
}

/** V8's messages quote the text they failed on, and a prompt must not reach the record. */
function withoutContent(message: string): string {
	return /at position [0-9]+/.exec(message)?.[0] ?? (message.includes("end of JSON input") ? "ends too early" : "is not valid JSON");
}
