import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";

import { ID_ALPHABET, parseKey, SECRET_ALPHABET } from "./key-format.ts";
import { mintKey, mintKeyId } from "./mint-key.ts";

test("throws away bytes that would favour some characters", () => {
	// 248 and above do not fall into a whole number of alphabets of 62, 252 and above not into one of 36.
	const secret = mintKey("00000000", scripted([255, 248, 247, 0]))
		.text.reveal()
		.slice(18, 50);
	assert.equal(secret, "z0".repeat(16));
	assert.equal(mintKeyId(scripted([255, 252, 251, 0])), "z0z0z0z0");
});

test("uses every character of the alphabets about equally often", () => {
	const counts = new Map<string, number>();
	for (let key = 0; key < 2_000; key += 1) {
		for (const character of mintKey("00000000").text.reveal().slice(18, 50)) counts.set(character, (counts.get(character) ?? 0) + 1);
	}
	const expected = (2_000 * 32) / SECRET_ALPHABET.length;
	// Eight standard deviations: never by chance, always for an alphabet that is reduced by `%` alone or lacks a character.
	for (const character of SECRET_ALPHABET)
		assert.ok(Math.abs((counts.get(character) ?? 0) - expected) < 8 * Math.sqrt(expected), character);
});

test("makes well-formed keys that are all different", () => {
	const ids = Array.from({ length: 500 }, () => mintKeyId());
	const keys = ids.map((id) => mintKey(id));
	assert.equal(new Set(ids).size, 500);
	assert.equal(new Set(keys.map(({ text }) => text.reveal())).size, 500);
	for (const { id, text, last4 } of keys) {
		assert.deepEqual(parseKey(text.reveal()), { id });
		assert.equal(text.reveal().slice(46, 50), last4);
		assert.ok(id.split("").every((character) => ID_ALPHABET.includes(character)));
	}
});

test("asks for more randomness when too much was thrown away", () => {
	let asked = 0;
	const stingy = (size: number) => {
		asked += 1;
		return asked < 4 ? new Uint8Array(size).fill(255) : randomBytes(size);
	};
	assert.notEqual(parseKey(mintKey("00000000", stingy).text.reveal()), null);
	assert.ok(asked >= 4);
});

test("does not print the key", () => {
	const minted = mintKey("00000000");
	assert.equal(`${JSON.stringify(minted)}${inspect(minted)}`.includes(minted.text.reveal().slice(18, 50)), false);
});

/** Repeats the given bytes for ever. */
function scripted(bytes: readonly number[]): (size: number) => Uint8Array {
	let at = 0;
	return (size) => Uint8Array.from({ length: size }, () => bytes[at++ % bytes.length] ?? 0);
}
