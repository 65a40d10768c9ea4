import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { crc32 } from "node:zlib";

import fc from "fast-check";

import { formatKey, ID_ALPHABET, isKeyId, KEY_LENGTH, KEY_PATTERN, parseKey, SECRET_ALPHABET } from "./key-format.ts";

const ID = "ab12cd34";
const KEY = formatKey(ID, "0123456789ABCDEFGHIJKLMNOPQRSTUV");

const ids = fc.string({ unit: fc.constantFrom(...ID_ALPHABET.split("")), minLength: 8, maxLength: 8 });
const secrets = fc.string({ unit: fc.constantFrom(...SECRET_ALPHABET.split("")), minLength: 32, maxLength: 32 });

test("refuses what does not have the shape of a key", () => {
	const cases: readonly string[] = [
		"",
		"rmp_live_",
		KEY.slice(0, -1),
		`${KEY}0`,
		` ${KEY}`,
		`${KEY}\n`,
		KEY.replace("rmp", "RMP"),
		KEY.replace("live", "test"),
		KEY.replace("_ab12", "-ab12"),
		KEY.replace(ID, ID.toUpperCase()),
		KEY.replaceAll("_", "-"),
		KEY.replace("ABC", "AB-"),
		KEY.replace("ABC", "AB\u0000"),
		KEY.replace("A", "А"),
		KEY.replace("A", "Ａ"),
		"x".repeat(KEY_LENGTH),
		KEY.repeat(1_000),
	];
	for (const text of cases) assert.equal(parseKey(text), null, JSON.stringify(text.slice(0, 80)));
});

test("refuses every single mistyped character and every pair that was swapped", () => {
	for (let at = 0; at < KEY.length; at += 1) {
		for (const other of `${SECRET_ALPHABET}_- `) {
			if (other !== KEY[at]) assert.equal(parseKey(KEY.slice(0, at) + other + KEY.slice(at + 1)), null);
		}
		const swapped = KEY.slice(0, at) + KEY.slice(at + 1, at + 2) + KEY.slice(at, at + 1) + KEY.slice(at + 2);
		if (swapped !== KEY) assert.equal(parseKey(swapped), null);
	}
});

test("takes none of a hundred thousand made-up keys of the right shape for a key", () => {
	const base62 = (length: number) => randomBytes(length).toString("base64").replaceAll(/[+/=]/g, "0").slice(0, length);
	// By chance one in 62^6 has the right checksum: one in half a million runs of this test.
	const believed = Array.from({ length: 100_000 }, () => `rmp_live_${ID}_${base62(38)}`).filter((text) => parseKey(text) !== null);
	assert.deepEqual(believed, []);
});

test("never throws, and reads whatever it accepts in one way only", () => {
	fc.assert(
		fc.property(
			fc.oneof(
				fc.string(),
				fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
				fc.tuple(ids, secrets).map(([id, secret]) => formatKey(id, secret)),
			),
			(text) => {
				const parsed = parseKey(text);
				if (parsed === null) return;
				assert.equal(formatKey(parsed.id, text.slice(18, 50)), text);
			},
		),
		{ numRuns: 500 },
	);
});

test("refuses to format what would be no key", () => {
	assert.throws(() => formatKey("short", "0".repeat(32)));
	assert.throws(() => formatKey(ID, "0".repeat(31)));
	assert.throws(() => formatKey(ID, `${"0".repeat(31)}-`));
});

test("reads back every key that it formats", () => {
	fc.assert(
		fc.property(ids, secrets, (id, secret) => {
			const key = formatKey(id, secret);
			assert.equal(key.length, KEY_LENGTH);
			assert.match(key, KEY_PATTERN);
			assert.deepEqual(parseKey(key), { id });
		}),
	);
});

test("computes the checksum as documented: CRC-32 in base 62, most significant digit first", () => {
	let value = 0;
	for (const digit of KEY.slice(-6)) value = value * 62 + SECRET_ALPHABET.indexOf(digit);
	assert.equal(value, crc32(KEY.slice(0, -6)));
	// Published once, so that a change of the format cannot pass unnoticed.
	assert.equal(formatKey("00000000", "0".repeat(32)), "rmp_live_00000000_0000000000000000000000000000000011fTOV");
});

test("finds keys inside other text, as a secret scanner does", () => {
	assert.equal(KEY_PATTERN.exec(`curl -H "Authorization: Bearer ${KEY}" https://…`)?.[0], KEY);
});

test("knows an id from what is none", () => {
	assert.equal(isKeyId(ID), true);
	for (const text of ["", "ab12cd3", "ab12cd345", "AB12CD34", "ab12cd3_", "ab12cd34\n"]) assert.equal(isKeyId(text), false);
});
