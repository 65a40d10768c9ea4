import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { editDistance, nearest } from "./nearest.ts";

const candidates = ["listen", "connect_timeout", "header_timeout", "body", "names"];

const cases: readonly (readonly [word: string, meant: string | undefined])[] = [
	["lisen", "listen"],
	["lsiten", "listen"],
	["Listen", "listen"],
	["connectTimeout", "connect_timeout"],
	["connect-timeout", "connect_timeout"],
	["name", "names"],
	["boby", "body"],
	["", undefined],
	["zzz", undefined],
	["timeout", undefined],
	["l".repeat(1_000), undefined],
];

for (const [word, meant] of cases) {
	test(`"${word.slice(0, 20)}" ${meant === undefined ? "is near to nothing" : `is taken for ${meant}`}`, () =>
		assert.equal(nearest(word, candidates), meant));
}

test("the distance counts insertions, deletions, replacements and swaps", () => {
	assert.equal(editDistance("abcd", "abcd"), 0);
	assert.equal(editDistance("abcd", "abd"), 1);
	assert.equal(editDistance("abcd", "acbd"), 1);
	assert.equal(editDistance("abcd", "xbcdy"), 2);
});

test("the distance is symmetric and never more than the longer word", () => {
	fc.assert(
		fc.property(fc.string({ maxLength: 12, size: "max" }), fc.string({ maxLength: 12, size: "max" }), (a, b) => {
			assert.equal(editDistance(a, b), editDistance(b, a));
			assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
		}),
	);
});
