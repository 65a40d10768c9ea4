/**
 * Compares an answer with a recorded one, field by field: everything must be equal but what varies by nature, and that must have the same form.
 *
 * Varying: times, durations, random ids, paths on the recorded machine, its resolver's address. The order of members and of header fields counts.
 */
import assert from "node:assert/strict";

import type { RawHead, RawResponse } from "./raw-client.ts";
import type { RecordedResponse } from "./recorded-frames.ts";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
const DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
const TIMES = new Set(["created_at", "modified_at", "expires_at", "completed_at", "created"]);
const IDS = new Set(["id", "item_id", "call_id", "request_id"]);

export interface Tolerance {
	/** Members that a model's free choice decides; only their type is compared. */
	readonly loose?: readonly string[];
}

export function assertSameAnswer(actual: RawResponse, recorded: RecordedResponse, tolerance: Tolerance = {}): void {
	const line = ({ version, status, reason }: { version: string; status: number; reason: string }) => `${version} ${status} ${reason}`;
	assert.equal(line(actual), line(recorded), `status line; the body is ${actual.text().slice(0, 300)}`);
	const framed = ![actual, recorded].some(isNearLimit);
	assert.deepEqual(fieldsOf(actual, framed), fieldsOf(recorded, framed), `head; the body is ${actual.text().slice(0, 300)}`);
	if (recorded.chunks === null || actual.chunks === null) {
		assertSameBody(actual.body, recorded.body, tolerance);
		return;
	}
	const loose = tolerance.loose !== undefined;
	if (!loose) assert.deepEqual(actual.chunks.map(String).map(stableText), recorded.chunks.map(String).map(stableText), "chunks");
	actual.chunks.forEach((chunk, i) => assertSameBody(chunk, recorded.chunks?.[i] ?? Buffer.alloc(0), tolerance));
}

/**
 * Go gives an answer of up to 2,048 bytes a length and sends a longer one in chunks. A list of models is so close to that limit that the digits of its
 * times decide.
 */
function isNearLimit({ headers, body }: RawHead & { readonly body: Buffer }): boolean {
	const length = headers.find(([name]) => name === "Content-Length")?.[1];
	return Math.abs((length === undefined ? body.length : Number(length)) - 2048) < 100;
}

function fieldsOf({ headers }: RawHead, framed: boolean): readonly (readonly [name: string, value: string])[] {
	const kept = framed ? headers : headers.filter(([name]) => name !== "Content-Length" && name !== "Transfer-Encoding");
	return kept.map(([name, value]) => [name, stableHeader(name, value)]);
}

/** Each line, event or whole JSON text with its members in order. */
export function assertSameBody(actual: Buffer, recorded: Buffer, tolerance: Tolerance = {}): void {
	const [ours, theirs] = [partsOf(actual.toString("utf8")), partsOf(recorded.toString("utf8"))];
	assert.deepEqual(
		ours.map(({ frame }) => frame),
		theirs.map(({ frame }) => frame),
		`framing of ${actual.toString("utf8").slice(0, 300)}`,
	);
	ours.forEach(({ json }, i) => assertSameValue(json, theirs[i]?.json, [], tolerance));
}

interface Part {
	/** What stands around the JSON: event names, `data: `, line ends. */
	readonly frame: string;
	readonly json: unknown;
}

function partsOf(text: string): readonly Part[] {
	return text.split(/(?<=\n)/).map((line) => {
		const at = line.indexOf("{");
		const start = line.slice(0, Math.max(0, at));
		if (at < 0 || !(start === "" || start === "data: ")) return { frame: stableText(line), json: null };
		const json: unknown = JSON.parse(line.slice(at));
		return { frame: `${start}{}${line.endsWith("\n") ? "\n" : ""}`, json };
	});
}

function assertSameValue(actual: unknown, recorded: unknown, path: readonly string[], tolerance: Tolerance): void {
	const where = path.join(".");
	const name = path.findLast((step) => !/^\d+$/.test(step)) ?? "";
	assert.equal(typeOf(actual), typeOf(recorded), `type of ${where}: ${JSON.stringify(actual)?.slice(0, 200)}`);
	if (tolerance.loose?.includes(name) === true) return;
	if (Array.isArray(actual) && Array.isArray(recorded)) {
		assert.equal(actual.length, recorded.length, `length of ${where}`);
		ordered(actual).forEach((item: unknown, i) => assertSameValue(item, ordered(recorded)[i], [...path, String(i)], tolerance));
	} else if (isRecord(actual) && isRecord(recorded)) {
		assert.deepEqual(Object.keys(actual), Object.keys(recorded), `members of ${where || "the answer"}`);
		for (const [key, value] of Object.entries(actual)) assertSameValue(value, recorded[key], [...path, key], tolerance);
	} else {
		assert.deepEqual(stable(name, actual), stable(name, recorded), where);
	}
}

/** Lists of models come in no order. */
function ordered(list: readonly unknown[]): readonly unknown[] {
	const key = (item: unknown) => (isRecord(item) ? String(item["model"] ?? (item["object"] === "model" ? item["id"] : "")) : "");
	return list.toSorted((a, b) => key(a).localeCompare(key(b)));
}

function stable(name: string, value: unknown): unknown {
	if (TIMES.has(name)) {
		if (typeof value === "number") return Number.isInteger(value) && value >= 0 ? "seconds" : value;
		return typeof value === "string" && TIME.test(value) ? "time" : value;
	}
	if (name.endsWith("_duration")) return typeof value === "number" && Number.isInteger(value) && value > 0 ? "nanoseconds" : value;
	if (IDS.has(name) && typeof value === "string") return stableText(value);
	return typeof value === "string" ? stableText(value) : value;
}

function stableHeader(name: string, value: string): string {
	if (name === "Date") return DATE.test(value) ? "date" : value;
	if (name === "Content-Length") return /^[0-9]+$/.test(value) ? "length" : value;
	return value;
}

/** Text with its varying parts replaced by their kind. */
function stableText(text: string): string {
	return text
		.replace(/"(created_at|modified_at|expires_at)":"[^"]*"/g, '"$1":"time"')
		.replace(/"(created|created_at|completed_at)":\d+/g, '"$1":seconds')
		.replace(/"(\w+_duration)":\d+/g, '"$1":nanoseconds')
		.replace(/\b(chatcmpl|cmpl)-\d{1,3}\b/g, "$1-id")
		.replace(/\b(resp|msg|rs|rs_resp)_\d{1,6}\b/g, "$1_id")
		.replace(/\bfc_(resp_)?\d{1,6}_(\d+)\b/g, "fc_$1id_$2")
		.replace(/\b(msg|req)_[0-9a-f]{24}\b/g, "$1_id")
		.replace(/\bcall_[a-z0-9]{8}\b/g, "call_id")
		.replace(/\?ts=\d{10}\b/g, "?ts=seconds")
		.replace(/(lookup [a-z.]+) on [0-9.]+:53/g, "$1")
		.replace(/(?:\/[\w.-]+)+(?=\/(?:blobs\/sha256-|manifests\/))/g, "MODELS");
}

function typeOf(value: unknown): string {
	if (value === null) return "null";
	return Array.isArray(value) ? "array" : typeof value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
