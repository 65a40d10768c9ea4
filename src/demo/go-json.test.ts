import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { goJson, JsonProblem, plain, readFirstValue } from "./go-json.ts";

const read = (text: string) => plain(readFirstValue(Buffer.from(text)));

const refusals: readonly (readonly [text: string, message: string])[] = [
	["", "EOF"],
	[" \n", "EOF"],
	['{"model":', "unexpected EOF"],
	['"abc', "unexpected EOF"],
	["{model:1}", "invalid character 'm' looking for beginning of object key string"],
	["[1 2]", "invalid character '2' after array element"],
	['{"a":1 "b":2}', "invalid character '\"' after object key:value pair"],
	["tru!", "invalid character '!' in literal true (expecting 'e')"],
	["\u001f", "invalid character '\\x1f' looking for beginning of value"],
	["'", "invalid character '\\'' looking for beginning of value"],
	["[".repeat(10_001), "invalid character '[' exceeded max depth"],
];

for (const [text, message] of refusals) {
	test(`refuses ${JSON.stringify(text.slice(0, 20))} in Go's words`, () => {
		assert.throws(() => read(text), new JsonProblem(message, message === "EOF"));
	});
}

test("reads ten thousand levels", () => {
	assert.equal(readFirstValue(Buffer.from("[".repeat(9_999) + "]".repeat(9_999))).kind, "array");
});

test("looks at nothing after the first value", () => {
	assert.deepEqual(read('{"a":1}garbage'), { a: 1 });
});

test("reads every JSON text to the value that it stands for", () => {
	fc.assert(
		fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 4 }), (value, indent) =>
			assert.deepEqual(read(JSON.stringify(value, null, indent)), JSON.parse(JSON.stringify(value))),
		),
	);
});

test("reads no text that is not JSON, except for what comes after", () => {
	fc.assert(
		fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:0123456789.eE+-\\utfalsn \n'.split("")) }), (text) => {
			let value: unknown;
			try {
				value = read(text);
			} catch (error) {
				assert.ok(error instanceof JsonProblem);
				assert.throws(() => JSON.parse(text));
				return;
			}
			// What was accepted is the value of some beginning of the text.
			const beginnings = Array.from({ length: text.length }, (_, i) => text.slice(0, i + 1));
			assert.ok(beginnings.some((beginning) => equalsWhenParsed(beginning, value)));
		}),
	);
});

test("writes JSON that browsers cannot take for markup and every reader takes for the same value", () => {
	fc.assert(
		fc.property(fc.jsonValue(), (value) => {
			const text = goJson(value);
			assert.doesNotMatch(text, /[<>&\u2028\u2029]/);
			assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
		}),
	);
});

function equalsWhenParsed(text: string, value: unknown): boolean {
	try {
		return JSON.stringify(JSON.parse(text)) === JSON.stringify(value);
	} catch {
		return false;
	}
}
