import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { isPlainText, plainText } from "./plain-text.ts";

for (const [what, text] of [
	["nothing", ""],
	["an escape", "a\u001b[2J"],
	["a line end", "a\n"],
	["a tab", "a\tb"],
	["a line separator", "a\u2028b"],
	["what turns the writing", "a\u202eb"],
	["what has no width", "a\u200bb"],
	["a space that is none", "a\u00a0b"],
	["half a character", "a\ud800"],
	["more than may be", "a".repeat(65)],
] as const) {
	test(`${what} is not plain`, () => assert.equal(isPlainText(text, 64), false));
}

for (const text of ["ada", "Ada Lovelace (ops)", "żółć", "日本", "e\u0301", "🦙", "a".repeat(64)]) {
	test(`${text} is plain, and stays as it is`, () => {
		assert.equal(isPlainText(text, 64), true);
		assert.equal(plainText(text), text);
	});
}

test("whatever comes in, plain text comes out, as long as it was at most", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
			const plain = plainText(text);
			assert.ok(isPlainText(plain, text.length), JSON.stringify(plain));
		}),
	);
});
