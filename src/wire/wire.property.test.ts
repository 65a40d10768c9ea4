import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { LIMITS, octetsOf, readRequests, readResponse, split } from "../../test/support/read-parts.ts";
import { damagedRequests, request } from "../../test/support/request-grammar.ts";
import type { Framing } from "./message.ts";
import { RequestReader } from "./request-reader.ts";
import { ResponseReader } from "./response-reader.ts";
import { chunk, type Field, LAST_CHUNK, requestHead, responseHead } from "./write.ts";

const cuts = fc.array(fc.nat({ max: 700 }), { maxLength: 12, size: "max" });
const noise = fc.oneof(
	fc.uint8Array({ maxLength: 300, size: "max" }).map((bytes) => Buffer.from(bytes)),
	fc.stringMatching(/^[GETPOST/ HTTP.10:\r\n\ta;-]{0,120}$/).map(octetsOf),
);
const content = fc.uint8Array({ maxLength: 200, size: "max" }).map((bytes) => Buffer.from(bytes));
const name = fc
	.stringMatching(/^[!#$%&'*+.^`|~0-9a-z-]{1,20}$/)
	.filter((text) => !/^(?:connection|content-length|transfer-encoding|host|expect)$/.test(text));
const value = fc.stringMatching(/^(?:[!-~](?:[ -~\t]{0,40}[!-~])?)?$/);
const fields = fc.array(fc.tuple(name, value), { maxLength: 8 });

test("every well-formed request of the grammar is read", () => {
	fc.assert(
		fc.property(request, (text) => {
			assert.equal(readRequests([octetsOf(text)]).at(-1)?.kind, "end", JSON.stringify(text));
		}),
		{ numRuns: 300 },
	);
});

test("requests are read the same however they are cut, whether well-formed or damaged", () => {
	fc.assert(
		fc.property(fc.oneof(damagedRequests, noise), cuts, (bytes, at) => {
			assert.deepEqual(readRequests(split(bytes, at)), readRequests([bytes]));
		}),
		{ numRuns: 500 },
	);
});

test("a reader of requests never throws, never hangs and keeps nothing of what it refused", () => {
	fc.assert(
		fc.property(fc.array(noise, { maxLength: 6 }), (chunks) => {
			const reader = new RequestReader(LIMITS);
			for (const one of chunks) reader.push(one);
			for (let calls = 0; calls <= 3000; calls++) {
				const part = reader.next();
				if (part === undefined) return;
				if (part.kind !== "refused") continue;
				assert.equal(reader.buffered, 0);
				return;
			}
			assert.fail("the reader does not come to an end");
		}),
		{ numRuns: 500 },
	);
});

const responses = fc
	.tuple(fields, content, fc.constantFrom("length", "chunked", "close"), fc.array(fc.nat({ max: 200 }), { maxLength: 4 }), fc.boolean())
	.map(([some, body, kind, at, keepAlive]) => written(200, some, body, kind, at, keepAlive));

test("responses are read the same however they are cut, whether well-formed, damaged or broken off", () => {
	const damaged = fc
		.tuple(responses, fc.nat({ max: 400 }), fc.constantFrom("\r", "\n", " ", "0", ":", "\0", ""))
		.map(([{ bytes }, at, inserted]) => {
			return Buffer.concat([bytes.subarray(0, at), octetsOf(inserted), bytes.subarray(at + 1)]);
		});
	fc.assert(
		fc.property(
			fc.oneof(
				responses.map(({ bytes }) => bytes),
				damaged,
				noise,
			),
			cuts,
			fc.nat({ max: 600 }),
			(bytes, at, length) => {
				for (const some of [bytes, bytes.subarray(0, length)]) {
					assert.deepEqual(readResponse(split(some, at), { eof: true }), readResponse([some], { eof: true }));
				}
			},
		),
		{ numRuns: 500 },
	);
});

test("a reader of responses never throws and never hangs", () => {
	fc.assert(
		fc.property(fc.array(noise, { maxLength: 6 }), fc.constantFrom("GET", "HEAD"), (chunks, requestMethod) => {
			const reader = new ResponseReader(LIMITS, { requestMethod });
			for (const one of [octetsOf("HTTP/1.1 200 OK\r\n"), ...chunks]) reader.push(one);
			for (let calls = 0; calls <= 3000; calls++) {
				const part = reader.next();
				if (part !== undefined && part.kind !== "refused") continue;
				reader.eof();
				return;
			}
			assert.fail("the reader does not come to an end");
		}),
		{ numRuns: 500 },
	);
});

test("a request that was written is read back equal", () => {
	const method = fc.stringMatching(/^[A-Z]{1,16}$/).filter((text) => text !== "CONNECT");
	const target = fc.stringMatching(/^\/[!$-;=?-[\]_a-z~]{0,80}$/);
	fc.assert(
		fc.property(method, target, fields, fc.option(content), fc.boolean(), cuts, (verb, path, some, body, chunked, at) => {
			const framing: Exclude<Framing, { kind: "close" }> =
				body === null ? { kind: "none" } : chunked ? { kind: "chunked" } : { kind: "length", bytes: body.length };
			const all: Field[] = [["host", "gpu.example:1"], ...some];
			const head = octetsOf(requestHead(verb, path, all, framing));
			const read = readRequests(split(Buffer.concat([head, framed(body, framing)]), at));
			const [first, ...rest] = read;
			assert.ok(first?.kind === "head");
			assert.deepEqual([first.head.method, first.head.target, first.head.framing, first.head.keepAlive], [verb, path, framing, true]);
			assert.deepEqual(first.fields.slice(0, all.length), all);
			assert.deepEqual(rest, partsOf(body));
		}),
		{ numRuns: 300 },
	);
});

test("a response that was written is read back equal", () => {
	fc.assert(
		fc.property(responses, cuts, ({ bytes, fields: some, framing, keepAlive, body }, at) => {
			const [first, ...rest] = readResponse(split(bytes, at), { eof: true });
			assert.ok(first?.kind === "head");
			assert.deepEqual(first.head, { status: 200, framing, keepAlive });
			assert.deepEqual(first.fields.slice(0, some.length), some);
			assert.deepEqual(rest, partsOf(body));
		}),
		{ numRuns: 300 },
	);
});

function written(
	status: number,
	some: readonly Field[],
	body: Buffer,
	kind: "length" | "chunked" | "close",
	at: readonly number[],
	wish: boolean,
) {
	const framing: Framing = kind === "length" ? { kind, bytes: body.length } : { kind };
	const keepAlive = wish && kind !== "close";
	const head = octetsOf(responseHead(status, some, framing, keepAlive));
	return { bytes: Buffer.concat([head, framed(body, framing, at)]), fields: some, framing, keepAlive, body };
}

function framed(body: Buffer | null, framing: Framing, at: readonly number[] = []): Buffer {
	if (body === null) return Buffer.alloc(0);
	return framing.kind === "chunked" ? Buffer.concat([...split(body, at).map(chunk), LAST_CHUNK]) : body;
}

function partsOf(body: Buffer | null): object[] {
	const parts = body === null || body.length === 0 ? [] : [{ kind: "body", text: body.toString("latin1") }];
	return [...parts, { kind: "end" }];
}
