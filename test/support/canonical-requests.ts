/**
 * What arrived at a fake upstream, byte for byte, held against the one form in which the gateway writes requests.
 *
 * Strict where `LenientRequestReader` is not: one spelling of every line, one Host, known fields once each, a target of the operation table without
 * query, a body that is as long as it says and, where it is JSON, written without a space. Anything else fails the test: it is a request that
 * somebody could read in another way than it was judged.
 */
import assert from "node:assert/strict";

import type { JsonValue } from "../../src/ollama/judged-request.ts";
import { findOperation } from "../../src/ollama/operations.ts";
import type { FakeConnection, FakeUpstream } from "./fake-upstream.ts";

const REQUEST_LINE = /^(GET|HEAD|POST|DELETE) (\/[\x21-\x3e\x40-\x7e]*) HTTP\/1\.1$/;
const FIELD = /^([a-z][a-z0-9-]*): ([\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)$/;
const KNOWN_FIELDS: ReadonlySet<string> = new Set([
	"host",
	"accept",
	"user-agent",
	"anthropic-version",
	"openai-beta",
	"x-forwarded-for",
	"x-request-id",
	"content-type",
	"content-length",
	"transfer-encoding",
]);

export interface CanonicalRequest {
	readonly method: string;
	readonly path: string;
	readonly fields: ReadonlyMap<string, string>;
	readonly body: Buffer;
}

/** Every request of a caller, in the order of each connection. The gateway's own questions are checked and left out. */
export function canonicalRequests({ connections, port }: FakeUpstream): readonly CanonicalRequest[] {
	return connections.flatMap((connection) => requestsOf(connection, port)).filter(({ fields }) => fields.has("x-request-id"));
}

function requestsOf({ raw }: FakeConnection, port: number): readonly CanonicalRequest[] {
	const requests: CanonicalRequest[] = [];
	for (let at = 0; at < raw.length; ) {
		const end = raw.indexOf("\r\n\r\n", at);
		assert.notEqual(end, -1, `bytes that are no whole head: ${JSON.stringify(raw.toString("latin1", at, at + 200))}`);
		const [line = "", ...fieldLines] = raw.toString("latin1", at, end).split("\r\n");
		const match = REQUEST_LINE.exec(line) ?? assert.fail(`not a canonical request line: ${JSON.stringify(line)}`);
		const [, method = "", path = ""] = match;
		assert.ok("operation" in findOperation(method, path), `${method} ${path} is in no table`);
		const fields = fieldsOf(fieldLines);
		assert.equal(fields.get("host"), `127.0.0.1:${port}`);
		const { body, next } = bodyOf(raw, end + 4, fields);
		if (fields.get("content-type") === "application/json") assertCompact(body.toString("utf8"));
		requests.push({ method, path, fields, body });
		at = next;
	}
	return requests;
}

function fieldsOf(lines: readonly string[]): ReadonlyMap<string, string> {
	const fields = new Map<string, string>();
	for (const line of lines) {
		const [, name = "", value = ""] = FIELD.exec(line) ?? assert.fail(`not a canonical field: ${JSON.stringify(line)}`);
		assert.ok(KNOWN_FIELDS.has(name), `${name} was forwarded`);
		assert.ok(!fields.has(name), `${name} twice`);
		fields.set(name, value);
	}
	return fields;
}

function bodyOf(raw: Buffer, start: number, fields: ReadonlyMap<string, string>): { readonly body: Buffer; readonly next: number } {
	const coding = fields.get("transfer-encoding");
	const length = fields.get("content-length");
	assert.ok(coding === undefined || (coding === "chunked" && length === undefined), "a body framed in two ways");
	if (coding === "chunked") return chunkedBody(raw, start);
	assert.match(length ?? "0", /^(?:0|[1-9][0-9]*)$/);
	const next = start + Number(length ?? 0);
	assert.ok(next <= raw.length, "a body that is shorter than announced");
	return { body: raw.subarray(start, next), next };
}

function chunkedBody(raw: Buffer, start: number): { readonly body: Buffer; readonly next: number } {
	const pieces: Buffer[] = [];
	for (let at = start; ; ) {
		const end = raw.indexOf("\r\n", at);
		const size = raw.toString("latin1", at, end);
		assert.match(size, /^(?:0|[1-9a-f][0-9a-f]*)$/);
		const from = end + 2;
		const to = from + Number.parseInt(size, 16);
		assert.equal(raw.toString("latin1", to, to + 2), "\r\n");
		if (size === "0") return { body: Buffer.concat(pieces), next: to + 2 };
		pieces.push(raw.subarray(from, to));
		at = to + 2;
	}
}

/** Written once more it is the same; digits are compared as digits, whatever a double makes of them. */
function assertCompact(text: string): void {
	const value = JSON.parse(text, (_key, member: JsonValue, { source }) =>
		typeof member === "number" && source !== undefined && /^-?[0-9]+$/.test(source) ? JSON.rawJSON(source) : member,
	);
	assert.equal(JSON.stringify(value), text);
}
