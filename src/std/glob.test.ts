import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { glob } from "./glob.ts";

test("pieces of a pattern do not overlap", () => {
	assert.equal(glob("a*a")("a"), false);
	assert.equal(glob("a*a*a")("aa"), false);
	assert.equal(glob("a*a*a")("aaa"), true);
	assert.equal(glob("ab*ba")("aba"), false);
});

test("a star means any run of characters and nothing else is special", () => {
	const letters = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "*"), maxLength: 8 });
	const plain = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
	fc.assert(
		fc.property(letters, plain, (pattern, text) => {
			const expected = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll(/\*+/g, ".*")}$`, "s").test(text);
			assert.equal(glob(pattern)(text), expected);
		}),
		{ numRuns: 5000 },
	);
});

test("a pattern covers every text that is made by filling its stars", () => {
	const piece = fc.string({ maxLength: 10 }).map((text) => text.replaceAll("*", ""));
	fc.assert(
		fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), fc.array(piece, { minLength: 5, maxLength: 5 }), (pieces, fillings) => {
			const text = pieces.map((part, index) => (index === 0 ? part : `${fillings[index - 1] ?? ""}${part}`)).join("");
			assert.equal(glob(pieces.join("*"))(text), true);
		}),
	);
});

test("a hostile pattern does not make matching slow", () => {
	// Exponential or quadratic matching of this would not end within the test run's patience.
	const matches = glob(`${"a*".repeat(200)}b`);
	assert.equal(matches("a".repeat(200_000)), false);
});
