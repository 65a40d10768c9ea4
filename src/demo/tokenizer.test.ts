import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { detokenize, tokenize } from "./tokenizer.ts";
import { CHAT, END, SPECIAL, successorOf, TWO_SPACES, VOCABULARY } from "./vocabulary.ts";

test("gives every text back", () => {
	const text = fc.string({ unit: "grapheme", maxLength: 60, size: "max" });
	const special = fc.constantFrom(...SPECIAL.keys(), "  ", "   ", "\n ");
	fc.assert(fc.property(fc.array(fc.oneof(text, special)), (parts) => assert.equal(detokenize(tokenize(parts.join(""))), parts.join(""))));
});

test("counts bytes, but two spaces as one unless a word needs the second", () => {
	const counts = ["", "who", "é", "a  ", "a  b", "a   b", CHAT].map((text) => tokenize(text).length);
	assert.deepEqual(counts, [0, 3, 2, 2, 4, 4, 1]);
	assert.deepEqual(tokenize("  "), [TWO_SPACES]);
});

test("every token leads to the end or around the endless loop", () => {
	const loop = VOCABULARY.findIndex(({ text }) => text === "tick");
	VOCABULARY.forEach((_, token) => {
		let last = token;
		for (let said = 0; said < 20 && last !== END && last < loop; said += 1) last = successorOf(last);
		assert.ok(last === END || last >= loop, `token ${token}`);
	});
});
