import assert from "node:assert/strict";
import { test } from "node:test";

import { eachOctet, LIMITS, octetsOf, type ResponseInput, readResponse } from "../../test/support/read-parts.ts";
import type { WireProblem } from "./message.ts";
import { ResponseReader } from "./response-reader.ts";

function ok(fieldLines: string, body = ""): string {
	return `HTTP/1.1 200 OK\r\n${fieldLines}\r\n${body}`;
}

const CHUNKED = "Transfer-Encoding: chunked\r\n";

interface Refusal extends ResponseInput {
	readonly what: string;
	readonly bytes: string;
	readonly problem?: WireProblem;
	readonly detail: RegExp;
}

const refusals: readonly Refusal[] = [
	// The status line: RFC 9112 §4.
	{ what: "an empty line before the answer", bytes: `\r\n${ok("")}`, detail: /status line/ },
	{
		what: "a head that has reached its limit before its end",
		bytes: `HTTP/1.1 200 ${"x".repeat(LIMITS.maxHeadBytes - 13)}`,
		problem: "head-too-large",
		detail: /head/,
	},
	{ what: "a status line without a version", bytes: "200 OK\r\n\r\n", detail: /status line/ },
	{ what: "another protocol on that port", bytes: "SSH-2.0-OpenSSH_9.2\r\n", detail: /status line/ },
	{ what: "HTTP/2.0", bytes: "HTTP/2.0 200 OK\r\n\r\n", problem: "version-unsupported", detail: /version/ },
	{ what: "HTTP/0.9", bytes: "HTTP/0.9 200 OK\r\n\r\n", problem: "version-unsupported", detail: /version/ },
	{ what: "a status of two digits", bytes: "HTTP/1.1 20 OK\r\n\r\n", detail: /status line/ },
	{ what: "a status of four digits", bytes: "HTTP/1.1 2000 OK\r\n\r\n", detail: /status line/ },
	{ what: "status 099", bytes: "HTTP/1.1 099 X\r\n\r\n", detail: /100 to 599/ },
	{ what: "status 600", bytes: "HTTP/1.1 600 X\r\n\r\n", detail: /100 to 599/ },
	{ what: "two spaces before the status", bytes: "HTTP/1.1  200 OK\r\n\r\n", detail: /status line/ },
	{ what: "no space after the status (RFC 9112 §4)", bytes: "HTTP/1.1 200\r\n\r\n", detail: /status line/ },
	{ what: "a bare LF after the status line (RFC 9112 §2.2)", bytes: "HTTP/1.1 200 OK\n\r\n", detail: /bare LF in the reason phrase/ },
	{ what: "a bare CR in the status line", bytes: "HTTP/1.1 200 O\rK\r\n\r\n", detail: /bare CR in the status line/ },
	{ what: "NUL in the reason phrase", bytes: "HTTP/1.1 200 O\0K\r\n\r\n", detail: /control character in the reason phrase/ },
	{
		what: "a reason phrase without end",
		bytes: `HTTP/1.1 200 ${"x".repeat(LIMITS.maxHeadBytes)}`,
		problem: "head-too-large",
		detail: /head/,
	},

	// Fields and framing: RFC 9112 §5, §6.
	{ what: "a folded line", bytes: ok("A: b\r\n c\r\n"), detail: /begins with white space/ },
	{ what: "a bare LF after a field", bytes: ok("A: b\nC: d\r\n"), detail: /bare LF in a field value/ },
	{ what: "a space before the colon", bytes: ok("Content-Length : 5\r\n"), detail: /white space in a field name/ },
	{ what: "too many fields", bytes: ok("A: b\r\n".repeat(LIMITS.maxFields + 1)), problem: "head-too-large", detail: /fields/ },
	{ what: "two Content-Lengths, even equal ones", bytes: ok("Content-Length: 5\r\nContent-Length: 5\r\n"), detail: /more than one/ },
	{ what: "a list of lengths", bytes: ok("Content-Length: 5, 5\r\n"), detail: /plain number/ },
	{ what: "both framings", bytes: ok(`${CHUNKED}Content-Length: 5\r\n`), detail: /beside/ },
	{ what: "chunked in HTTP/1.0", bytes: `HTTP/1.0 200 OK\r\n${CHUNKED}\r\n`, detail: /HTTP\/1.0/ },
	{ what: "gzip as transfer coding", bytes: ok("Transfer-Encoding: gzip\r\n"), problem: "transfer-coding-unsupported", detail: /chunked/ },
	{ what: "gzip, chunked", bytes: ok("Transfer-Encoding: gzip, chunked\r\n"), detail: /not one coding/ },
	{ what: "a 204 that frames a body (RFC 9110 §8.6)", bytes: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", detail: /has none/ },
	{ what: "a chunked 204 (RFC 9112 §6.1)", bytes: `HTTP/1.1 204 No Content\r\n${CHUNKED}\r\n`, detail: /has none/ },
	{ what: "an interim answer that frames a body", bytes: `HTTP/1.1 103 Early Hints\r\n${CHUNKED}\r\n`, detail: /has none/ },
	{ what: "a switch of protocols that nobody asked for", bytes: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", detail: /101/ },
	{ what: "interim answers without end", bytes: "HTTP/1.1 100 Continue\r\n\r\n".repeat(17), detail: /too many interim/ },
	{
		what: "another protocol behind an interim answer",
		bytes: `HTTP/1.1 100 Continue\r\n\r\nXTTP/1.1 200 OK\r\n\r\n`,
		detail: /status line/,
	},
	{ what: "a chunk extension", bytes: ok(CHUNKED, "5;a=b\r\nhello\r\n"), detail: /extension/ },
	{ what: "a trailer", bytes: ok(CHUNKED, "0\r\nA: b\r\n\r\n"), detail: /trailer/ },
	{ what: "chunk data that goes on", bytes: ok(CHUNKED, "5\r\nhello!\r\n"), detail: /longer/ },

	// More than one answer.
	{ what: "octets after a counted body", bytes: ok("Content-Length: 2\r\n", "hi!"), detail: /after the response/ },
	{ what: "octets after the last chunk", bytes: ok(CHUNKED, "0\r\n\r\n\r\n"), detail: /after the response/ },
	{ what: "a second answer", bytes: ok("Content-Length: 0\r\n", ok("")), detail: /after the response/ },
	{ what: "a body behind HEAD", bytes: ok("Content-Length: 2\r\n", "hi"), requestMethod: "HEAD", detail: /after the response/ },
	{ what: "a body behind 304", bytes: "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nhi", detail: /after the response/ },
];

for (const { what, bytes, problem = "malformed", detail, ...input } of refusals) {
	test(`refuses ${what}`, () => {
		const whole = readResponse([octetsOf(bytes)], input);
		const last = whole.at(-1);
		assert.equal(last?.kind, "refused");
		assert.equal(last.problem, problem);
		assert.match(last.detail, detail);
		assert.deepEqual(readResponse(eachOctet(octetsOf(bytes)), input), whole, "and says the same when the octets come one by one");
	});
}

const WHOLE: readonly (readonly [framing: string, bytes: string])[] = [
	["counted", ok("Content-Length: 5\r\n", "hello")],
	["chunked", ok(CHUNKED, "5\r\nhello\r\n0\r\n\r\n")],
	["chunked after an interim answer", `HTTP/1.1 100 Continue\r\n\r\n${ok(CHUNKED, "1\r\na\r\n0\r\n\r\n")}`],
];

for (const [framing, bytes] of WHOLE) {
	test(`a ${framing} answer that breaks off at any octet is truncated, never ended (RFC 9112 §8)`, () => {
		for (let length = 0; length < bytes.length; length++) {
			const last = readResponse([octetsOf(bytes.slice(0, length))], { eof: true }).at(-1);
			assert.equal(last?.kind, "refused", `after ${length} octets`);
			assert.equal(last.problem, "truncated", `after ${length} octets`);
			assert.match(last.detail, /^truncated (head|body)$/);
		}
		assert.deepEqual(readResponse([octetsOf(bytes)], { eof: true }).at(-1), { kind: "end" });
	});
}

test("a head that breaks off is truncated even where the body would end with the connection", () => {
	assert.deepEqual(readResponse([octetsOf("HTTP/1.1 200 OK\r\nA: b\r\n")], { eof: true }), [
		{ kind: "refused", problem: "truncated", detail: "truncated head" },
	]);
});

interface Permitted extends ResponseInput {
	readonly what: string;
	readonly bytes: string;
	readonly head: object;
	readonly body?: string;
}

const permits: readonly Permitted[] = [
	{
		what: "a counted body",
		bytes: ok("Content-Length: 5\r\n", "hello"),
		head: { status: 200, framing: { kind: "length", bytes: 5 }, keepAlive: true },
		body: "hello",
	},
	{ what: "an empty body", bytes: ok("Content-Length: 0\r\n"), head: { framing: { kind: "length", bytes: 0 }, keepAlive: true } },
	{
		what: "a chunked body",
		bytes: ok(CHUNKED, "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"),
		head: { framing: { kind: "chunked" } },
		body: "hello!",
	},
	{
		what: "a body that the connection ends",
		bytes: ok("", "hello"),
		eof: true,
		head: { framing: { kind: "close" }, keepAlive: false },
		body: "hello",
	},
	{ what: "an empty body that the connection ends", bytes: ok(""), eof: true, head: { framing: { kind: "close" } } },
	{
		what: "an answer to HEAD",
		bytes: ok("Content-Length: 5\r\n"),
		requestMethod: "HEAD",
		head: { framing: { kind: "none" }, keepAlive: true },
	},
	{ what: "a chunked answer to HEAD", bytes: ok(CHUNKED), requestMethod: "HEAD", head: { framing: { kind: "none" } } },
	{ what: "a 204", bytes: "HTTP/1.1 204 No Content\r\n\r\n", head: { status: 204, framing: { kind: "none" }, keepAlive: true } },
	{
		what: "a 204 that says that its body is empty",
		bytes: "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
		head: { framing: { kind: "none" } },
	},
	{
		what: "a 304 with the length of what it stands for",
		bytes: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
		head: { framing: { kind: "none" } },
	},
	{
		what: "an answer behind interim ones",
		bytes: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok("Content-Length: 0\r\n")}`,
		head: { status: 200 },
	},
	{
		what: "an answer behind many interim ones",
		bytes: "HTTP/1.1 100 Continue\r\n\r\n".repeat(16) + ok("Content-Length: 0\r\n"),
		head: { status: 200 },
	},
	{ what: "an empty reason phrase", bytes: "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", head: { status: 200 } },
	{ what: "close", bytes: ok("Connection: close\r\nContent-Length: 0\r\n"), head: { keepAlive: false } },
	{ what: "HTTP/1.0, which closes", bytes: "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", head: { keepAlive: false } },
	{
		what: "HTTP/1.0 with keep-alive",
		bytes: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
		head: { keepAlive: true },
	},
	{ what: "no Host, which is a request's", bytes: ok("Host: a, b\r\nContent-Length: 0\r\n"), head: { status: 200 } },
];

for (const { what, bytes, head, body, ...input } of permits) {
	test(`reads ${what}`, () => {
		const read = readResponse([octetsOf(bytes)], input);
		const [first, ...rest] = read;
		assert.equal(first?.kind, "head");
		assert.deepEqual({ ...first.head, ...head }, first.head);
		assert.deepEqual(rest, [...(body === undefined ? [] : [{ kind: "body", text: body }]), { kind: "end" }]);
		assert.deepEqual(readResponse(eachOctet(octetsOf(bytes)), input), read, "and reads the same when the octets come one by one");
	});
}

test("a streamed chunk is handed out at once, as a view, before its own end is here", () => {
	const reader = new ResponseReader(LIMITS, { requestMethod: "POST" });
	reader.push(octetsOf(ok(CHUNKED)));
	assert.equal(reader.next()?.kind, "head");
	const token = octetsOf("5\r\nhel");
	reader.push(token);
	const part = reader.next();
	assert.ok(part?.kind === "body");
	assert.equal(part.bytes.toString("latin1"), "hel");
	assert.equal(part.bytes.buffer, token.buffer);
	assert.equal(reader.next(), undefined);
	assert.equal(reader.buffered, 0);
});

test("unasked-for octets show in `buffered` after the end, so that the connection is not used again", () => {
	const reader = new ResponseReader(LIMITS, { requestMethod: "POST" });
	reader.push(octetsOf(ok("Content-Length: 1\r\n", "aHTTP")));
	assert.deepEqual(["head", "body", "end"], [reader.next()?.kind, reader.next()?.kind, reader.next()?.kind]);
	assert.equal(reader.buffered, 4);
	assert.deepEqual(reader.eof(), { kind: "end" });
});

test("a refusal is final, at the end of the connection too", () => {
	const reader = new ResponseReader(LIMITS, { requestMethod: "POST" });
	reader.push(octetsOf("HTTP/3 200\r\n"));
	const refused = reader.next();
	assert.equal(refused?.kind, "refused");
	reader.push(octetsOf(ok("")));
	assert.equal(reader.buffered, 0);
	assert.equal(reader.next(), refused);
	assert.equal(reader.eof(), refused);
});
