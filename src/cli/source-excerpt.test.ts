import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { sourceExcerpt } from "./source-excerpt.ts";

for (const [what, line, column] of [
	["no line", 0, 0],
	["a line beyond the end", 9, 1],
] as const) {
	test(`there is no excerpt for ${what}`, () => assert.equal(sourceExcerpt("a: 1\n", line, column), ""));
}

test("the caret stands under the place", () => {
	assert.equal(sourceExcerpt("gateway:\n  listne: x\n", 2, 3), " 2 |   listne: x\n       ^");
});

test("a tab counts as one column, for editors count it so", () => {
	assert.equal(sourceExcerpt("\tx: 1", 1, 2), " 1 |  x: 1\n      ^");
});

test("of a very long line only the surroundings of the place are shown", () => {
	const excerpt = sourceExcerpt(`${"a".repeat(5000)}X${"b".repeat(5000)}`, 1, 5001);
	const [shown = "", caret = ""] = excerpt.split("\n");
	assert.ok(shown.length < 120);
	assert.equal(shown[caret.length - 1], "X");
});

test("control characters are shown as escapes and the caret still fits", () => {
	const [shown = "", caret = ""] = sourceExcerpt("\u001b[31mX", 1, 6).split("\n");
	assert.ok(!shown.includes("\u001b"));
	assert.equal(shown[caret.length - 1], "X");
});

test("whatever the file and the place, the excerpt is two lines or none", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), fc.nat(5), fc.nat(300), (text, line, column) => {
			const excerpt = sourceExcerpt(text, line, column);
			assert.ok(excerpt === "" || excerpt.split("\n").length === 2);
		}),
	);
});
