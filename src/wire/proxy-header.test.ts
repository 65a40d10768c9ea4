import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { readIpAddress } from "../std/ip-address.ts";
import { readProxyHeader } from "./proxy-header.ts";

const SIGNATURE = "0d0a0d0a000d0a515549540a";
const V4 = "cb007109" + "7f000001" + "d431" + "2cab";
const V6 = "20010db8000000000000000000000001" + "00000000000000000000000000000001" + "d431" + "2cab";

function header(versionAndCommand: string, family: string, rest: string, length = rest.length / 2): Buffer {
	return Buffer.from(SIGNATURE + versionAndCommand + family + length.toString(16).padStart(4, "0") + rest, "hex");
}

const refusals: readonly (readonly [what: string, bytes: Buffer, detail: RegExp])[] = [
	["a request", Buffer.from("GET / HTTP/1.1\r\n"), /no header/],
	["a TLS handshake", Buffer.from("160301", "hex"), /no header/],
	["version 1", Buffer.from("PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n"), /no header/],
	["a signature with one wrong octet", Buffer.from(`${SIGNATURE.slice(0, -2)}0b21110000`, "hex"), /no header/],
	["version 1 in binary", header("11", "11", V4), /version/],
	["version 3", header("31", "11", V4), /version/],
	["an unknown command", header("22", "11", V4), /command/],
	["no family", header("21", "00", V4), /family/],
	["UDP", header("21", "12", V4), /family/],
	["a Unix socket", header("21", "31", "00".repeat(216)), /family/],
	["addresses that are cut short", header("21", "11", V4.slice(0, -2)), /cut short/],
	["IPv6 addresses in IPv4's room", header("21", "21", V4), /cut short/],
	["a length beyond all reason", header("21", "11", V4, 0xffff), /too long/],
	["a record that leads past the end", header("21", "11", `${V4}030005aabb`), /record/],
	["a record without its length", header("21", "11", `${V4}0300`), /record/],
];
for (const [what, bytes, detail] of refusals) {
	test(`refuses ${what}`, () => {
		const read = readProxyHeader(bytes);
		assert.ok(read !== "more" && read.kind === "refused", JSON.stringify(read));
		assert.match(read.detail, detail);
	});
}

const permits: readonly (readonly [what: string, bytes: Buffer, source: string | null])[] = [
	["TCP over IPv4", header("21", "11", V4), "203.0.113.9"],
	["TCP over IPv6", header("21", "21", V6), "2001:db8::1"],
	["IPv4 in IPv6 clothes", header("21", "21", `00000000000000000000ffffcb007109${"00".repeat(16)}d4312cab`), "203.0.113.9"],
	["records behind the addresses", header("21", "11", `${V4}030004aabbccdd010000`), "203.0.113.9"],
	["a proxy that speaks for itself", header("20", "00", ""), null],
	["a proxy that speaks for itself and names addresses", header("20", "11", V4), null],
];
for (const [what, bytes, source] of permits) {
	test(`reads ${what}`, () => {
		const expected = source === null ? { kind: "local", length: bytes.length } : { kind: "proxied", length: bytes.length, source };
		assert.deepEqual(readProxyHeader(bytes), expected);
		assert.deepEqual(readProxyHeader(Buffer.concat([bytes, Buffer.from("GET / HTTP/1.1\r\n")])), expected);
	});
}

test("asks for more at every cut, and says the same as soon as all is there", () => {
	for (const [, bytes] of permits) {
		for (let cut = 0; cut < bytes.length; cut++) assert.equal(readProxyHeader(bytes.subarray(0, cut)), "more", String(cut));
	}
});

test("whatever is sent, it never throws, never takes more than it says, and an address that it names is one", () => {
	const start = fc.constantFrom("", SIGNATURE, `${SIGNATURE}21`, `${SIGNATURE}2111000c`, `${SIGNATURE}21210024`, `${SIGNATURE}20000000`);
	fc.assert(
		fc.property(start, fc.uint8Array({ maxLength: 80, size: "max" }), (begin, more) => {
			const bytes = Buffer.concat([Buffer.from(begin, "hex"), more]);
			const read = readProxyHeader(bytes);
			if (read === "more" || read.kind === "refused") return;
			assert.ok(read.length <= bytes.length);
			assert.deepEqual(readProxyHeader(bytes.subarray(0, read.length)), read);
			if (read.kind === "proxied") assert.ok(readIpAddress(read.source) !== undefined, read.source);
		}),
		{ numRuns: 2_000 },
	);
});
