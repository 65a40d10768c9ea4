import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { parseUnambiguousJson } from "./unambiguous-json.ts";

for (const [what, text, problem] of [
	["a member twice", '{"iss":"a","iss":"b"}', "names a member twice"],
	["a member twice, once with an escape", '{"iss":"a","\\u0069ss":"b"}', "names a member twice"],
	["a member twice, deep inside", '{"a":[{"b":{"c":1,"c":1}}]}', "names a member twice"],
	["__proto__ twice", '{"__proto__":1,"__proto__":2}', "names a member twice"],
	["a list", "[]", "not an object"],
	["null", "null", "not an object"],
	["two values", "{}{}", "not valid JSON"],
	["nothing", "", "not valid JSON"],
	["a comment", "{/**/}", "not valid JSON"],
	["nesting of 17", `${'{"a":'.repeat(17)}1${"}".repeat(17)}`, "nested more than 16 deep"],
	["a thousand brackets", "[".repeat(1000), "nested more than 16 deep"],
] as const) {
	test(`${what} is refused`, () => assert.deepEqual(parseUnambiguousJson(text), { problem }));
}

test("colons, brackets and quotes within strings are text", () => {
	assert.deepEqual(parseUnambiguousJson('{"a:{[":"\\":{[","b":["::"]}'), { object: { "a:{[": '":{[', b: ["::"] } });
});

test("whatever JSON.stringify writes of an object is read back; with a member repeated it is not", () => {
	fc.assert(
		fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 }), { minKeys: 1 }), (object) => {
			const text = JSON.stringify(object);
			assert.deepEqual(parseUnambiguousJson(text), { object: JSON.parse(text) });
			const [name = ""] = Object.keys(object);
			assert.deepEqual(parseUnambiguousJson(`${text.slice(0, -1)},${JSON.stringify(name)}:0}`), { problem: "names a member twice" });
		}),
	);
});

test("no text makes it throw", () => {
	fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseUnambiguousJson(text)));
});
