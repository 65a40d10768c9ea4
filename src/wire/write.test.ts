import assert from "node:assert/strict";
import { test } from "node:test";

import type { Framing } from "./message.ts";
import { chunk, chunkOverhead, type Field, LAST_CHUNK, requestHead, responseHead, writeChunkEnd, writeChunkStart } from "./write.ts";

const HOST: Field = ["host", "127.0.0.1:11434"];
const NONE: Framing = { kind: "none" };

const bugs: readonly (readonly [what: string, write: () => unknown])[] = [
	["CRLF in a value, which would split the message", () => requestHead("GET", "/", [HOST, ["x", "a\r\nevil: b"]], NONE)],
	["a bare LF in a value", () => responseHead(200, [["x", "a\nb"]], NONE, true)],
	["a bare CR in a value", () => responseHead(200, [["x", "a\rb"]], NONE, true)],
	["NUL in a value", () => responseHead(200, [["x", "a\0b"]], NONE, true)],
	["a character outside ASCII in a value", () => responseHead(200, [["x", "caf\xe9"]], NONE, true)],
	["a character whose low octet is LF in a value", () => responseHead(200, [["x", "a\u010ab"]], NONE, true)],
	["an empty name", () => responseHead(200, [["", "a"]], NONE, true)],
	["a name with a colon", () => responseHead(200, [["a:b", "c"]], NONE, true)],
	["a name with CRLF", () => responseHead(200, [["a\r\nb", "c"]], NONE, true)],
	["a name in capitals", () => responseHead(200, [["X-Y", "c"]], NONE, true)],
	["an underscore in a name", () => responseHead(200, [["x_y", "c"]], NONE, true)],
	["Content-Length by hand", () => responseHead(200, [["content-length", "1"]], NONE, true)],
	["Transfer-Encoding by hand", () => requestHead("POST", "/", [HOST, ["transfer-encoding", "chunked"]], NONE)],
	["Connection by hand", () => responseHead(200, [["connection", "close"]], NONE, true)],
	["a request without Host", () => requestHead("GET", "/", [], NONE)],
	["a request with two Hosts", () => requestHead("GET", "/", [HOST, HOST], NONE)],
	["a method that is none", () => requestHead("GET /", "/", [HOST], NONE)],
	["a method in lower case", () => requestHead("get", "/", [HOST], NONE)],
	["a space in the target", () => requestHead("GET", "/a HTTP/1.1", [HOST], NONE)],
	["CRLF in the target", () => requestHead("GET", "/a\r\nb: c", [HOST], NONE)],
	["a target in absolute-form", () => requestHead("GET", "http://a/", [HOST], NONE)],
	["an empty target", () => requestHead("GET", "", [HOST], NONE)],
	["a length that is no whole number", () => requestHead("POST", "/", [HOST], { kind: "length", bytes: 1.5 })],
	["a negative length", () => responseHead(200, [], { kind: "length", bytes: -1 }, true)],
	["an interim status", () => responseHead(101, [], NONE, true)],
	["a status above 599", () => responseHead(600, [], NONE, true)],
	["a status that is no whole number", () => responseHead(200.5, [], NONE, true)],
	["a body behind 204", () => responseHead(204, [], { kind: "length", bytes: 0 }, true)],
	["keep-alive with a body that the connection ends", () => responseHead(200, [], { kind: "close" }, true)],
	["an empty chunk, which would end the body", () => chunk(Buffer.alloc(0))],
	["the start of an empty chunk", () => writeChunkStart(Buffer.alloc(20), 0, 0)],
	["the start of a chunk beyond 4 GiB", () => writeChunkStart(Buffer.alloc(20), 0, 2 ** 32)],
	["the start of half a chunk", () => writeChunkStart(Buffer.alloc(20), 0, 0.5)],
];

for (const [what, write] of bugs) {
	test(`does not write ${what}`, () => assert.throws(write, /invariant violated/));
}

test("a value is held to the same characters whether it is short or long, wherever they stand", () => {
	const written = (value: string): boolean => {
		try {
			return responseHead(200, [["x-any", value]], NONE, true).includes(value);
		} catch {
			return false;
		}
	};
	for (let code = 0; code <= 0x200; code++) {
		const isAllowed = code === 0x09 || (code >= 0x20 && code <= 0x7e);
		const character = String.fromCharCode(code);
		for (const rest of ["a", "a".repeat(100)])
			for (const value of [character + rest, rest + character]) assert.equal(written(value), isAllowed, `U+${code.toString(16)}`);
	}
});

test("a request head has one form", () => {
	assert.equal(
		requestHead("POST", "/api/chat?a", [HOST, ["accept", ""]], { kind: "length", bytes: 12 }),
		"POST /api/chat?a HTTP/1.1\r\nhost: 127.0.0.1:11434\r\naccept: \r\ncontent-length: 12\r\n\r\n",
	);
	assert.equal(
		requestHead("PUT", "/", [HOST], { kind: "chunked" }),
		"PUT / HTTP/1.1\r\nhost: 127.0.0.1:11434\r\ntransfer-encoding: chunked\r\n\r\n",
	);
	assert.equal(requestHead("GET", "/", [HOST], NONE), "GET / HTTP/1.1\r\nhost: 127.0.0.1:11434\r\n\r\n");
});

test("a response head has one form and always says what becomes of the connection", () => {
	assert.equal(
		responseHead(200, [["x", "a\tb"]], { kind: "chunked" }, true),
		"HTTP/1.1 200 OK\r\nx: a\tb\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n",
	);
	assert.equal(responseHead(204, [], NONE, false), "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
	assert.equal(responseHead(299, [], { kind: "close" }, false), "HTTP/1.1 299 \r\nconnection: close\r\n\r\n");
});

test("a chunk is its size in hexadecimal, its data and nothing else", () => {
	for (const length of [1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 65_535, 65_536, 1_048_577]) {
		const data = Buffer.alloc(length, "x");
		assert.ok(chunk(data).equals(Buffer.from(`${length.toString(16)}\r\n${data.toString("latin1")}\r\n`, "latin1")), `${length}`);
		assert.equal(chunk(data).length, length + chunkOverhead(length));
	}
	const start = Buffer.alloc(12, "-");
	assert.equal(writeChunkStart(start, 1, 2 ** 32 - 1), 11);
	assert.equal(start.toString("latin1"), "-ffffffff\r\n-");
	assert.equal(writeChunkEnd(start, 2), 4);
	assert.equal(start.toString("latin1"), "-f\r\nfffff\r\n-");
	assert.equal(LAST_CHUNK.toString("latin1"), "0\r\n\r\n");
});
