import assert from "node:assert/strict";
import { test } from "node:test";

import { eachOctet, LIMITS, octetsOf, readRequests } from "../../test/support/read-parts.ts";
import type { WireProblem } from "./message.ts";
import { RequestReader } from "./request-reader.ts";

const HOST = "Host: gpu.example\r\n";
const CHUNKED = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;

/** A GET whose request line is fine, with these field lines after Host. */
function get(fieldLines: string): string {
	return `GET / HTTP/1.1\r\n${HOST}${fieldLines}\r\n`;
}

function target(text: string): string {
	return `GET ${text} HTTP/1.1\r\n${HOST}\r\n`;
}

function host(value: string): string {
	return `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`;
}

const refusals: readonly (readonly [what: string, bytes: string, problem: WireProblem, detail: RegExp])[] = [
	// The request line: RFC 9112 §2.2, §2.3, §3.
	["an empty line before the request (RFC 9112 §2.2)", `\r\n${get("")}`, "malformed", /bare CR in the method/],
	["white space before the request (RFC 9112 §3)", ` ${get("")}`, "malformed", /empty method/],
	["two spaces after the method (RFC 9112 §3)", `GET  / HTTP/1.1\r\n${HOST}\r\n`, "malformed", /origin-form/],
	["two spaces after the target (RFC 9112 §3)", `GET /  HTTP/1.1\r\n${HOST}\r\n`, "malformed", /request line/],
	["a tab for a space (RFC 9112 §3)", `GET\t/ HTTP/1.1\r\n${HOST}\r\n`, "malformed", /white space in the method/],
	["a space after the version (RFC 9112 §3)", `GET / HTTP/1.1 \r\n${HOST}\r\n`, "malformed", /request line/],
	["a bare LF after the request line (RFC 9112 §2.2)", `GET / HTTP/1.1\n${HOST}\r\n`, "malformed", /request line/],
	["a bare CR after the request line (RFC 9112 §2.2)", `GET / HTTP/1.1\r${HOST}\r\n`, "malformed", /request line/],
	["a request line without a version (HTTP/0.9)", "GET /\r\n", "malformed", /bare CR in the target/],
	["a method in lower case (RFC 9110 §9.1)", `get / HTTP/1.1\r\n${HOST}\r\n`, "malformed", /in the method/],
	["a method with a digit", `GET1 / HTTP/1.1\r\n${HOST}\r\n`, "malformed", /in the method/],
	["an octet outside ASCII in the method", `G\xc9T / HTTP/1.1\r\n${HOST}\r\n`, "malformed", /outside ASCII in the method/],
	["a method of 17 letters", `${"A".repeat(17)} / HTTP/1.1\r\n${HOST}\r\n`, "malformed", /too long/],
	["CONNECT with an authority (RFC 9112 §3.2.3)", `CONNECT a.example:1 HTTP/1.1\r\n${HOST}\r\n`, "malformed", /CONNECT/],
	["CONNECT with a path, which is a tunnel to some parsers", `CONNECT / HTTP/1.1\r\n${HOST}\r\n`, "malformed", /CONNECT/],
	["HTTP/2.0 (RFC 9112 §2.3)", `GET / HTTP/2.0\r\n${HOST}\r\n`, "version-unsupported", /version/],
	["HTTP/1.2 (RFC 9112 §2.3)", `GET / HTTP/1.2\r\n${HOST}\r\n`, "version-unsupported", /version/],
	["HTTP/0.9 spelt out", `GET / HTTP/0.9\r\n${HOST}\r\n`, "version-unsupported", /version/],
	["a version with leading zeros", `GET / HTTP/01.01\r\n${HOST}\r\n`, "malformed", /request line/],
	["a version without its minor", `GET / HTTP/1\r\n${HOST}\r\n`, "malformed", /request line/],
	["a version in lower case", `GET / http/1.1\r\n${HOST}\r\n`, "malformed", /request line/],

	// The target: RFC 9112 §3.2.
	["absolute-form, a second authority (RFC 9112 §3.2.2)", target("http://other.example/"), "malformed", /origin-form/],
	["authority-form (RFC 9112 §3.2.3)", target("gpu.example:443"), "malformed", /origin-form/],
	["asterisk-form (RFC 9112 §3.2.4)", target("*"), "malformed", /origin-form/],
	["an empty target", "GET  HTTP/1.1\r\n\r\n", "malformed", /origin-form/],
	["a fragment, which skip-auth rules have matched on (GHSA-pxq7-h93f-9jrg)", target("/api/pull#/health"), "malformed", /in the target/],
	["a backslash in the target (Caddy #7941)", target("/a\\..\\b"), "malformed", /in the target/],
	...Array.from('"<>^{|}`', (character) => [`${character} in the target`, target(`/a${character}`), "malformed", /in the target/] as const),
	["NUL in the target", target("/a\0b"), "malformed", /control character in the target/],
	["DEL in the target", target("/a\x7fb"), "malformed", /control character in the target/],
	["an octet outside ASCII in the target", target("/caf\xc3\xa9"), "malformed", /outside ASCII in the target/],
	["an overlong encoding in the target", target("/\xc0\xaf"), "malformed", /outside ASCII in the target/],
	["a target one octet too long", target(`/${"a".repeat(LIMITS.maxTargetBytes)}`), "target-too-long", /target/],

	// Field lines: RFC 9112 §5.
	["a bare LF after a field (RFC 9112 §2.2)", get("A: b\nC: d\r\n"), "malformed", /bare LF in a field value/],
	["a bare CR in a value (RFC 9112 §2.2)", get("A: b\rc\r\n"), "malformed", /bare CR in the field section/],
	["a bare LF for the empty line (RFC 9112 §2.2)", `GET / HTTP/1.1\r\n${HOST}\n`, "malformed", /bare LF in a field name/],
	["a bare CR for the empty line (RFC 9112 §2.2)", `GET / HTTP/1.1\r\n${HOST}\rX`, "malformed", /bare CR/],
	["a folded line (RFC 9112 §5.2)", get("A: b\r\n c\r\n"), "malformed", /begins with white space/],
	["a line folded with a tab (RFC 9112 §5.2)", get("A: b\r\n\tc\r\n"), "malformed", /begins with white space/],
	["white space before the first field (RFC 9112 §2.2)", `GET / HTTP/1.1\r\n ${HOST}\r\n`, "malformed", /begins with white space/],
	["a space before the colon (RFC 9112 §5.1)", get("Content-Length : 5\r\n"), "malformed", /white space in a field name/],
	["a tab before the colon (RFC 9112 §5.1)", get("A\t: b\r\n"), "malformed", /white space in a field name/],
	["a field without a colon (RFC 9112 §5)", get("NoColonHere\r\n"), "malformed", /bare CR in a field name/],
	["an empty field name (RFC 9110 §5.1)", get(": b\r\n"), "malformed", /empty field name/],
	["an underscore in a name, which CGI takes for a hyphen (Traefik 2026)", get("X_Api_Key: b\r\n"), "malformed", /underscore/],
	["an octet outside ASCII in a name (RFC 9110 §5.1)", get("X-T\xe9st: b\r\n"), "malformed", /outside ASCII in a field name/],
	["NUL in a name", get("A\0: b\r\n"), "malformed", /control character in a field name/],
	...Array.from(
		'"(),/;<=>?@[\\]{}',
		(character) => [`${character} in a name (RFC 9110 §5.6.2)`, get(`A${character}: b\r\n`), "malformed", /field name/] as const,
	),
	["NUL in a value (RFC 9110 §5.5)", get("A: b\0c\r\n"), "malformed", /control character in a field value/],
	["BEL and BS in a value (RFC 9110 §5.5)", get("A: abc\x07\x08\r\n"), "malformed", /control character in a field value/],
	["DEL in a value (RFC 9110 §5.5)", get("A: b\x7f\r\n"), "malformed", /control character in a field value/],
	["obs-text in a value, Latin-1 to one and UTF-8 to the other (RFC 9110 §5.5)", get("A: caf\xe9\r\n"), "malformed", /outside ASCII/],
	["one field too many", get(Array.from({ length: LIMITS.maxFields }, (_, at) => `X-${at}: b\r\n`).join("")), "head-too-large", /fields/],
	["a head one octet too large", get(`A: ${"b".repeat(LIMITS.maxHeadBytes - get("A: \r\n").length + 1)}\r\n`), "head-too-large", /head/],
	[
		"a head that has reached its limit before its end",
		get(`A: ${"b".repeat(LIMITS.maxHeadBytes)}`).slice(0, LIMITS.maxHeadBytes),
		"head-too-large",
		/head/,
	],
	["a value without end", get(`A: ${"b".repeat(LIMITS.maxHeadBytes)}`), "head-too-large", /head/],
	["a name without end", get("A".repeat(LIMITS.maxHeadBytes)), "head-too-large", /head/],

	// Host: RFC 9112 §3.2, RFC 9110 §7.2. What an authority is has its own table beside authority.ts.
	["no Host in HTTP/1.1 (RFC 9112 §3.2)", "GET / HTTP/1.1\r\n\r\n", "malformed", /no Host/],
	["two Hosts (RFC 9112 §3.2)", `GET / HTTP/1.1\r\n${HOST}Host: other.example\r\n\r\n`, "malformed", /more than one Host/],
	["two equal Hosts (RFC 9112 §3.2)", `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, "malformed", /more than one Host/],
	["two Hosts in HTTP/1.0", `GET / HTTP/1.0\r\n${HOST}${HOST}\r\n`, "malformed", /more than one Host/],
	["an empty Host", host(""), "malformed", /Host/],
	["an empty Host in HTTP/1.0", "GET / HTTP/1.0\r\nHost:\r\n\r\n", "malformed", /Host/],
	["a list in Host", host("a.example, b.example"), "malformed", /Host/],
	["user info in Host", host("user@gpu.example"), "malformed", /Host/],
	["a path in Host", host("gpu.example/path"), "malformed", /Host/],

	// Content-Length: RFC 9110 §8.6, RFC 9112 §6.3.
	...[
		"abc",
		"+5",
		"-1",
		"-0",
		"005",
		"00",
		"0o5",
		"0x5",
		"1 0",
		"1_0",
		"5.0",
		"5e1",
		"5, 10",
		"5, 5",
		"5,",
		"",
		"9007199254740992",
		"99999999999999999999",
	].map(
		(value) =>
			[`Content-Length: ${value === "" ? "nothing" : value}`, get(`Content-Length: ${value}\r\n`), "malformed", /Content-Length/] as const,
	),
	...["  5", "\t5", " 5 ", " 5\t"].map(
		(value) =>
			[
				`white space around a length: ${JSON.stringify(value)}`,
				get(`Content-Length:${value}\r\n`),
				"malformed",
				/white space around/,
			] as const,
	),
	[
		"a tab behind chunked, which llhttp takes for another coding",
		get("Transfer-Encoding: chunked\t\r\n"),
		"malformed",
		/white space around/,
	],
	["two Content-Lengths (RFC 9112 §6.3)", get("Content-Length: 5\r\nContent-Length: 6\r\n"), "malformed", /more than one Content-Length/],
	[
		"two equal Content-Lengths (RFC 9112 §6.3)",
		get("Content-Length: 5\r\nContent-Length: 5\r\n"),
		"malformed",
		/more than one Content-Length/,
	],

	// Transfer-Encoding: RFC 9112 §6.1, §6.3, §7.
	["both framings (RFC 9112 §6.1)", get("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"), "malformed", /beside Content-Length/],
	["both framings in the other order", get("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n"), "malformed", /beside Content-Length/],
	["a coding in HTTP/1.0 (RFC 9112 §6.1)", `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`, "malformed", /HTTP\/1.0/],
	[
		"two Transfer-Encodings",
		get("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
		"malformed",
		/more than one Transfer-Encoding/,
	],
	["gzip as transfer coding (RFC 9112 §6.1: 501)", get("Transfer-Encoding: gzip\r\n"), "transfer-coding-unsupported", /other than chunked/],
	["identity as transfer coding", get("Transfer-Encoding: identity\r\n"), "transfer-coding-unsupported", /other than chunked/],
	["xchunked", get("Transfer-Encoding: xchunked\r\n"), "transfer-coding-unsupported", /other than chunked/],
	...["chunked, chunked", "gzip, chunked", "chunked, gzip", ", chunked", "chunked,", "chunked;a=b", '"chunked"', ""].map(
		(value) =>
			[
				`Transfer-Encoding: ${value === "" ? "nothing" : value}`,
				get(`Transfer-Encoding: ${value}\r\n`),
				"malformed",
				/not one coding/,
			] as const,
	),
	["a vertical tab before chunked", get("Transfer-Encoding: \x0bchunked\r\n"), "malformed", /control character/],

	// Chunks: RFC 9112 §7.1.
	["a chunk extension (RFC 9112 §7.1.1)", `${CHUNKED}5;a=b\r\nhello\r\n0\r\n\r\n`, "malformed", /chunk extension/],
	["a bare semicolon behind a chunk size", `${CHUNKED}5;\r\nhello\r\n0\r\n\r\n`, "malformed", /chunk extension/],
	["a chunk size behind a space", `${CHUNKED} 5\r\nhello\r\n0\r\n\r\n`, "malformed", /without a size/],
	["a chunk size before a space", `${CHUNKED}5 \r\nhello\r\n0\r\n\r\n`, "malformed", /white space in a chunk size/],
	["an empty chunk size", `${CHUNKED}\r\nhello`, "malformed", /without a size/],
	["an empty size of a later chunk", `${CHUNKED}1\r\na\r\n\r\n\r\n`, "malformed", /without a size/],
	["a negative chunk size", `${CHUNKED}-1\r\nhello`, "malformed", /without a size/],
	["a chunk size in C's notation", `${CHUNKED}0x5\r\nhello\r\n0\r\n\r\n`, "malformed", /in a chunk size/],
	["an underscore in a chunk size", `${CHUNKED}1_0\r\nhello world!!!!!\r\n0\r\n\r\n`, "malformed", /in a chunk size/],
	["a chunk size of nine digits", `${CHUNKED}000000005\r\nhello\r\n0\r\n\r\n`, "malformed", /too long/],
	["a chunk size that overflows 64 bits", `${CHUNKED}FFFFFFFFFFFFFFFF0\r\nhello\r\n0\r\n\r\n`, "malformed", /too long/],
	["a bare LF after a chunk size", `${CHUNKED}5\nhello\r\n0\r\n\r\n`, "malformed", /bare LF in a chunk size/],
	["a bare CR after a chunk size", `${CHUNKED}5\rhello\r\n0\r\n\r\n`, "malformed", /bare CR after a chunk size/],
	["a chunk shorter than its data", `${CHUNKED}5\r\nhello!!\r\n0\r\n\r\n`, "malformed", /longer than its size/],
	["chunk data without CRLF", `${CHUNKED}5\r\nhello0\r\n\r\n`, "malformed", /longer than its size/],
	["a bare LF after chunk data", `${CHUNKED}5\r\nhello\n0\r\n\r\n`, "malformed", /longer than its size/],
	["a bare CR after chunk data", `${CHUNKED}5\r\nhello\r0\r\n\r\n`, "malformed", /bare CR after chunk data/],
	["a trailer, which nobody judged (RFC 9110 §6.5.1)", `${CHUNKED}0\r\nAuthorization: Bearer x\r\n\r\n`, "malformed", /trailer/],
	["a bare LF after the last chunk", `${CHUNKED}0\r\n\n`, "malformed", /bare LF after the last chunk/],
	["a bare CR after the last chunk", `${CHUNKED}0\r\n\rX`, "malformed", /bare CR after the last chunk/],

	// Expect and Connection: RFC 9110 §10.1.1, §7.6.1.
	["an unknown expectation (RFC 9110 §10.1.1)", get("Expect: 200-ok\r\n"), "expectation-unsupported", /expectation/],
	["a list of expectations", get("Expect: 100-continue, x\r\n"), "expectation-unsupported", /expectation/],
	["an expectation twice", get("Expect: 100-continue\r\nExpect: 100-continue\r\n"), "expectation-unsupported", /expectation/],
	["an empty Connection", get("Connection:\r\n"), "malformed", /Connection/],
	["an empty connection option", get("Connection: close,,x\r\n"), "malformed", /Connection/],
	["a connection option that is no token", get("Connection: close x\r\n"), "malformed", /Connection/],

	// After the last request: RFC 9112 §9.6.
	["a request after one that closes", `${get("Connection: close\r\n")}${get("")}`, "malformed", /after the last request/],
	[
		"a request after an offer to switch, on which llhttp reads nothing more",
		`${get("Connection: upgrade\r\nUpgrade: h2c\r\n")}${get("")}`,
		"malformed",
		/after the last request/,
	],
	["a request after HTTP/1.0", `GET / HTTP/1.0\r\n\r\n${get("")}`, "malformed", /after the last request/],
	[
		"a single octet after a body that closes",
		`POST / HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: 1\r\n\r\na\r`,
		"malformed",
		/after the last request/,
	],
];

for (const [what, bytes, problem, detail] of refusals) {
	test(`refuses ${what}`, () => {
		const whole = readRequests([octetsOf(bytes)]);
		const last = whole.at(-1);
		assert.equal(last?.kind, "refused");
		assert.equal(last.problem, problem);
		assert.match(last.detail, detail);
		assert.deepEqual(readRequests(eachOctet(octetsOf(bytes))), whole, "and says the same when the octets come one by one");
	});
}

test("a refusal is final: nothing is kept, nothing is taken, the same is said again", () => {
	const reader = new RequestReader(LIMITS);
	reader.push(octetsOf(`BAD\r\n\r\n${get("")}`));
	const refused = reader.next();
	assert.equal(refused?.kind, "refused");
	assert.equal(reader.buffered, 0);
	reader.push(octetsOf(get("")));
	assert.equal(reader.buffered, 0);
	assert.equal(reader.next(), refused);
});

test("a detail never quotes the sender, whose malformed field may hold a credential", () => {
	for (const [, bytes] of refusals) {
		const canary = bytes.replaceAll(/[b-z]{3,}/g, "canary");
		const last = readRequests([octetsOf(canary)]).at(-1);
		if (last?.kind === "refused") assert.doesNotMatch(last.detail, /canary/);
	}
});

interface Permitted {
	readonly what: string;
	readonly bytes: string;
	readonly head: object;
	readonly body?: string;
}

const permits: readonly Permitted[] = [
	{
		what: "the shortest request",
		bytes: get(""),
		head: {
			method: "GET",
			target: "/",
			path: "/",
			query: null,
			minor: 1,
			host: "gpu.example",
			framing: { kind: "none" },
			keepAlive: true,
			expectsContinue: false,
		},
	},
	{ what: "an unknown method, which the operation table refuses", bytes: `PURGE / HTTP/1.1\r\n${HOST}\r\n`, head: { method: "PURGE" } },
	{ what: "a method of 16 letters", bytes: `${"A".repeat(16)} / HTTP/1.1\r\n${HOST}\r\n`, head: { method: "A".repeat(16) } },
	{
		what: "a query",
		bytes: target("/api/tags?a=b&c=%20?d"),
		head: { target: "/api/tags?a=b&c=%20?d", path: "/api/tags", query: "a=b&c=%20?d" },
	},
	{ what: "an empty query, which is not no query", bytes: target("/?"), head: { target: "/?", path: "/", query: "" } },
	{ what: "escapes, undecoded", bytes: target("/api%2Ftags/%00"), head: { path: "/api%2Ftags/%00" } },
	{ what: "a path that begins with two slashes, as it is", bytes: target("//evil.example/a"), head: { path: "//evil.example/a" } },
	{
		what: "a target of the greatest length",
		bytes: target(`/${"a".repeat(LIMITS.maxTargetBytes - 1)}`),
		head: { path: `/${"a".repeat(LIMITS.maxTargetBytes - 1)}` },
	},
	{
		what: "a head of the greatest size",
		bytes: get(`A: ${"b".repeat(LIMITS.maxHeadBytes - get("A: \r\n").length)}\r\n`),
		head: { method: "GET" },
	},
	{ what: "as many fields as allowed", bytes: get("X: y\r\n".repeat(LIMITS.maxFields - 1)), head: { method: "GET" } },
	{ what: "a Host in capitals, in lower case", bytes: host("GPU.Example:11435"), head: { host: "gpu.example:11435" } },
	{ what: "HTTP/1.0 without Host, closing", bytes: "GET / HTTP/1.0\r\n\r\n", head: { minor: 0, host: "", keepAlive: false } },
	{
		what: "HTTP/1.0 with keep-alive, as an old nginx sends it",
		bytes: `GET / HTTP/1.0\r\n${HOST}Connection: Keep-Alive\r\n\r\n`,
		head: { minor: 0, keepAlive: true },
	},
	{ what: "close", bytes: get("Connection: close\r\n"), head: { keepAlive: false } },
	{ what: "close in capitals among other options", bytes: get("Connection: te ,\tCLOSE, x\r\n"), head: { keepAlive: false } },
	{
		what: "close and keep-alive, of which close wins",
		bytes: get("Connection: keep-alive\r\nConnection: close\r\n"),
		head: { keepAlive: false },
	},
	{
		what: "an offer to switch to h2c, which is not taken up and ends the connection (RFC 9110 §7.8)",
		bytes: get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"),
		head: { keepAlive: false, framing: { kind: "none" } },
	},
	{
		what: "Upgrade that Connection does not name, which is nothing (RFC 9110 §7.8)",
		bytes: get("Upgrade: h2c\r\n"),
		head: { keepAlive: true },
	},
	{ what: "a counted body", bytes: `${get("Content-Length: 5\r\n")}hello`, head: { framing: { kind: "length", bytes: 5 } }, body: "hello" },
	{ what: "an empty counted body", bytes: get("Content-Length: 0\r\n"), head: { framing: { kind: "length", bytes: 0 } }, body: "" },
	{
		what: "a length without a space before it",
		bytes: `${get("Content-Length:5\r\n")}hello`,
		head: { framing: { kind: "length", bytes: 5 } },
		body: "hello",
	},
	{
		what: "white space around any other value (RFC 9110 §5.5)",
		bytes: `GET / HTTP/1.1\r\nHost:  \tgpu.example \t\r\n\r\n`,
		head: { host: "gpu.example" },
	},
	{
		what: "a chunked body",
		bytes: `${CHUNKED}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`,
		head: { framing: { kind: "chunked" } },
		body: "hello world",
	},
	{ what: "an empty chunked body", bytes: `${CHUNKED}0\r\n\r\n`, head: { framing: { kind: "chunked" } }, body: "" },
	{
		what: "chunk sizes in capitals and with leading zeros",
		bytes: `${CHUNKED}0000000A\r\nhelloworld\r\n00\r\n\r\n`,
		head: { framing: { kind: "chunked" } },
		body: "helloworld",
	},
	{ what: "eight digits of a later chunk", bytes: `${CHUNKED}1\r\na\r\n00000001\r\nb\r\n0\r\n\r\n`, head: {}, body: "ab" },
	{ what: "chunk data that looks like framing", bytes: `${CHUNKED}5\r\n0\r\n\r\n\r\n0\r\n\r\n`, head: {}, body: "0\r\n\r\n" },
	{
		what: "chunked in capitals (RFC 9112 §7)",
		bytes: `${get("Transfer-Encoding: Chunked\r\n")}0\r\n\r\n`,
		head: { framing: { kind: "chunked" } },
		body: "",
	},
	{
		what: "100-continue before a body",
		bytes: `${get("Expect: 100-Continue\r\nContent-Length: 1\r\n")}a`,
		head: { expectsContinue: true },
		body: "a",
	},
	{ what: "100-continue without a body, for which nobody waits", bytes: get("Expect: 100-continue\r\n"), head: { expectsContinue: false } },
	{
		what: "100-continue in HTTP/1.0, which is ignored (RFC 9110 §10.1.1)",
		bytes: `POST / HTTP/1.0\r\n${HOST}Expect: 100-continue\r\nContent-Length: 1\r\n\r\na`,
		head: { expectsContinue: false },
		body: "a",
	},
];

for (const { what, bytes, head, body } of permits) {
	test(`reads ${what}`, () => {
		const read = readRequests([octetsOf(bytes)]);
		const [first, ...rest] = read;
		assert.equal(first?.kind, "head");
		assert.deepEqual({ ...first.head, ...head }, first.head);
		const parts = body === undefined || body === "" ? [] : [{ kind: "body", text: body }];
		assert.deepEqual(rest, [...parts, { kind: "end" }]);
		assert.deepEqual(readRequests(eachOctet(octetsOf(bytes))), read, "and reads the same when the octets come one by one");
	});
}

test("fields come in order of arrival, names in lower case, values without white space around them", () => {
	const [head] = readRequests([
		octetsOf(get("CONTENT-type:application/json\r\nX-Custom:  a b\t\r\naccept: \r\nx-custom:2\r\nX^Z~1: !#$%&'*+-.`|~\r\n")),
	]);
	assert.ok(head?.kind === "head");
	assert.deepEqual(head.fields, [
		["host", "gpu.example"],
		["content-type", "application/json"],
		["x-custom", "a b"],
		["accept", ""],
		["x-custom", "2"],
		["x^z~1", "!#$%&'*+-.`|~"],
	]);
});

test("pipelined requests stay unread until the end before them was taken", () => {
	const reader = new RequestReader(LIMITS);
	const second = get("X: 2\r\n");
	reader.push(octetsOf(`${get("Content-Length: 2\r\n")}hi${second}`));
	assert.deepEqual(["head", "body", "end"], [reader.next()?.kind, reader.next()?.kind, reader.next()?.kind]);
	assert.equal(reader.buffered, second.length);
	reader.push(octetsOf(second));
	assert.equal(reader.buffered, 2 * second.length);
	assert.deepEqual(
		["head", "end", "head", "end", undefined],
		Array.from({ length: 5 }, () => reader.next()?.kind),
	);
	assert.equal(reader.buffered, 0);
});

test("each pipelined request is read from its first octet on", () => {
	const heads = readRequests([octetsOf(`${target("/a?b")}${target("/c")}${get("Content-Length: 0\r\n")}`)]).filter(
		(part) => part.kind === "head",
	);
	assert.deepEqual(
		heads.map(({ head }) => [head.method, head.target, head.path, head.query]),
		[
			["GET", "/a?b", "/a", "b"],
			["GET", "/c", "/c", null],
			["GET", "/", "/", null],
		],
	);
});

test("a length may be as great as a double counts", () => {
	const [head] = readRequests([octetsOf(get("Content-Length: 9007199254740991\r\n"))]);
	assert.ok(head?.kind === "head");
	assert.deepEqual(head.head.framing, { kind: "length", bytes: Number.MAX_SAFE_INTEGER });
});

test("a body part is a view into what was pushed, not a copy", () => {
	const reader = new RequestReader(LIMITS);
	reader.push(octetsOf(get("Content-Length: 4\r\n")));
	assert.equal(reader.next()?.kind, "head");
	const chunk = octetsOf("body");
	reader.push(chunk);
	const part = reader.next();
	assert.ok(part?.kind === "body");
	assert.equal(part.bytes.buffer, chunk.buffer);
	assert.equal(part.bytes.byteOffset, chunk.byteOffset);
});

test("a view that was handed out is not written over by what arrives later", () => {
	const reader = new RequestReader(LIMITS);
	const bytes = octetsOf(`${get("Content-Length: 6\r\n")}`);
	reader.push(bytes.subarray(0, 10));
	assert.equal(reader.next(), undefined);
	reader.push(Buffer.concat([bytes.subarray(10), octetsOf("one")]));
	assert.equal(reader.next()?.kind, "head");
	const first = reader.next();
	reader.push(octetsOf("two"));
	const second = reader.next();
	assert.ok(first?.kind === "body" && second?.kind === "body");
	assert.equal(first.bytes.toString("latin1") + second.bytes.toString("latin1"), "onetwo");
});

test("an incomplete request is neither handed out nor refused", () => {
	for (const bytes of [get("").slice(0, -1), `${CHUNKED}5\r\nhello\r\n`, `${get("Content-Length: 10\r\n")}hello`]) {
		assert.doesNotMatch(
			readRequests([octetsOf(bytes)])
				.map(({ kind }) => kind)
				.join(),
			/end|refused/,
		);
	}
});
