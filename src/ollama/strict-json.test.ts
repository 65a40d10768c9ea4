import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import fc from "fast-check";

import { parseStrictJson } from "./strict-json.ts";

const LIMITS = { maxDepth: 64, maxMembers: 10_000 };
const parse = (text: string) => parseStrictJson(Buffer.from(text, "utf8"), LIMITS);

const refused: readonly (readonly [why: string, text: string | Buffer, problem: string])[] = [
	["it is empty", "", "body-not-json"],
	["text follows the value", '{"model":"door"}garbage', "body-not-json"],
	["a second value follows", '{"model":"door"}{"model":"none"}', "body-not-json"],
	["it begins with a byte order mark", '\ufeff{"model":"door"}', "body-not-json"],
	["it is not UTF-8", Buffer.from([0x22, 0xff, 0xfe, 0x22]), "body-not-json"],
	["it is UTF-16", Buffer.from('"x"', "utf16le"), "body-not-json"],
	["a string does not end", '{"a":"b', "body-not-json"],
	["a long string does not end", `{"a":"${"b".repeat(500)}`, "body-not-json"],
	["a member comes twice", '{"model":"door","model":"none"}', "body-duplicate-key"],
	["a member comes twice, once escaped", '{"model":"door","m\\u006fdel":"none"}', "body-duplicate-key"],
	["a member comes twice deep inside", '[{"a":[{"b":1,"b":1}]}]', "body-duplicate-key"],
	["__proto__ comes twice", '{"__proto__":1,"__proto__":2}', "body-duplicate-key"],
	["colons in strings hide a duplicate", '{"a":"::","a":":"}', "body-duplicate-key"],
	["a name is a lone surrogate, which Ollama reads as another", '{"\\ud800":1,"\\ud801":2}', "body-not-json"],
	["a number is beyond a double", '{"n":1e400}', "body-wrong-type"],
	["a number is beyond a double below", '{"n":-1e400}', "body-wrong-type"],
	["an integer is beyond a double", `{"n":${"9".repeat(400)}}`, "body-wrong-type"],
	["it is nested too deeply", "[".repeat(65) + "]".repeat(65), "body-too-deep"],
	["it opens a million arrays", "[".repeat(1_000_000), "body-too-deep"],
	["it opens a million objects", '{"a":'.repeat(1_000_000), "body-too-deep"],
	["it has too many elements", `[${"1,".repeat(10_001)}1]`, "body-too-deep"],
	["it has too many members", `{${Array.from({ length: 10_001 }, (_, at) => `"${at}":1`).join()}}`, "body-too-deep"],
];

for (const [why, text, problem] of refused) {
	test(`refuses a body when ${why}`, () => {
		const parsed = parseStrictJson(typeof text === "string" ? Buffer.from(text, "utf8") : text, LIMITS);
		assert.equal("problem" in parsed ? parsed.problem : "accepted", problem);
	});
}

test("a detail quotes nothing of the body", () => {
	const parsed = parse('{"prompt":"canary-secret" oops}');
	assert.ok("problem" in parsed);
	assert.doesNotMatch(parsed.detail, /canary|oops/);
});

const accepted: readonly (readonly [what: string, text: string, written: string])[] = [
	["white space around", ' \n\t\r{"a":1} ', '{"a":1}'],
	["depth up to the limit", "[".repeat(64) + "]".repeat(64), "[".repeat(64) + "]".repeat(64)],
	["an integer beyond 2^53, digit by digit", '{"id":12345678901234567890}', '{"id":12345678901234567890}'],
	["a negative one", '{"id":-9007199254740993}', '{"id":-9007199254740993}'],
	["an exponent", '{"n":1e2}', '{"n":100}'],
	["a long fraction", "[0.12345678901234567890]", "[0.12345678901234568]"],
	["a point and a zero", "[6.0]", "[6]"],
	["quotes and backslashes", '["\\\\\\"",":,{[","\\\\"]', '["\\\\\\"",":,{[","\\\\"]'],
	["equal names in different objects", '{"a":{"b":1},"c":{"b":1}}', '{"a":{"b":1},"c":{"b":1}}'],
	["names that are equal but for an object's rawJSON", '{"rawJSON":"1","b":{"rawJSON":2}}', '{"rawJSON":"1","b":{"rawJSON":2}}'],
	["a raw number beside rawJSON", '{"rawJSON":11111111111111111111}', '{"rawJSON":11111111111111111111}'],
];

for (const [what, text, written] of accepted) {
	test(`accepts ${what}`, () => {
		const parsed = parse(text);
		assert.ok("value" in parsed);
		assert.equal(JSON.stringify(parsed.value), written);
	});
}

test("__proto__ is a member, not a prototype", () => {
	const parsed = parse('{"__proto__":{"polluted":true}}');
	assert.ok("value" in parsed && typeof parsed.value === "object" && parsed.value !== null);
	assert.equal("polluted" in parsed.value, false);
	assert.equal(JSON.stringify(parsed.value), '{"__proto__":{"polluted":true}}');
});

/** Ours is stricter here than RFC 8259 demands, on purpose. */
const STRICTER = new Set(["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"]);

interface Suite {
	readonly files_base64: Readonly<Record<string, string>>;
}

const suite: Suite = JSON.parse(readFileSync(new URL("../../test/fixtures/json-test-suite.json", import.meta.url), "utf8"));

test("JSONTestSuite: accepts every y_ but the duplicate keys, and refuses every n_", () => {
	let judged = 0;
	for (const [name, base64] of Object.entries(suite.files_base64)) {
		if (name.startsWith("i_")) continue;
		const accepts = "value" in parseStrictJson(Buffer.from(base64, "base64"), LIMITS);
		assert.equal(accepts, name.startsWith("y_") && !STRICTER.has(name), name);
		judged++;
	}
	assert.ok(judged > 280);
});

test("JSONTestSuite: what is left free never throws, and is written again only as it was read", () => {
	for (const [name, base64] of Object.entries(suite.files_base64)) {
		const parsed = parseStrictJson(Buffer.from(base64, "base64"), LIMITS);
		if ("problem" in parsed) continue;
		const again = parse(JSON.stringify(parsed.value));
		assert.ok("value" in again, name);
		assert.equal(JSON.stringify(again.value), JSON.stringify(parsed.value), name);
	}
});

test("agrees with JSON.parse about every value that has no duplicate, however it is written", () => {
	fc.assert(
		fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, "\t"), (value, indent) => {
			const parsed = parse(JSON.stringify(value, null, indent));
			assert.ok("value" in parsed, JSON.stringify(parsed));
			// Compared as text: a large integer comes as its digits.
			assert.equal(JSON.stringify(parsed.value), JSON.stringify(value));
		}),
	);
});

test("finds a duplicate wherever one is put", () => {
	const key = fc.constantFrom("a", "b", "__proto__", 'q"', "back\\", "é");
	fc.assert(
		fc.property(key, fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), fc.nat(5), (name, one, other, depth) => {
			const twice = `{${JSON.stringify(name)}:${JSON.stringify(one)},"between":1,${JSON.stringify(name)}:${JSON.stringify(other)}}`;
			const parsed = parse(`${'{"x":['.repeat(depth)}${twice}${"]}".repeat(depth)}`);
			assert.equal("problem" in parsed && parsed.problem, "body-duplicate-key");
		}),
	);
});

test("never throws, whatever the bytes", () => {
	const jsonLike = fc.string({ unit: fc.constantFrom(...'{}[]",:\\0e-1.u ntrfalse\u212a'.split("")), maxLength: 40 });
	fc.assert(fc.property(fc.uint8Array({ maxLength: 64, size: "max" }), (bytes) => void parseStrictJson(Buffer.from(bytes), LIMITS)));
	fc.assert(
		fc.property(jsonLike, (text) => void parse(text)),
		{ numRuns: 2000 },
	);
});

test("whatever long string surrounds them, the scan sees the same structure", () => {
	const piece = fc.constantFrom("\\\\", '\\"', "x".repeat(70), "é".repeat(40), ":", ",", "{", "\\u0041", "");
	fc.assert(
		fc.property(fc.array(piece, { maxLength: 40, size: "max" }), (pieces) => {
			const text = `{"a":"${pieces.join("")}","b":[{"c":1}]}`;
			const parsed = parse(text);
			assert.ok("value" in parsed, text);
			assert.deepEqual(parsed.value, JSON.parse(text));
		}),
		{ numRuns: 1000 },
	);
});
