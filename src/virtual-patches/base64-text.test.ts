import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { Base64Text } from "./base64-text.ts";

for (const text of [
	"a",
	"ab",
	"abc",
	"abcde",
	"====",
	"a===",
	"ab=c",
	"ab==cd==",
	"ab-_",
	"ab c",
	"äbcd",
	"abc\u0000",
	"abc=\t",
	"data:;base64,abcd",
]) {
	test(`${JSON.stringify(text)} is not base64`, () => assert.equal(Base64Text.parse(text), null));
}

test("any bytes can be read back at any place", () => {
	fc.assert(
		fc.property(
			fc.uint8Array({ maxLength: 100, size: "max" }),
			fc.nat(110),
			fc.nat(40),
			fc.boolean(),
			(content, offset, length, isBroken) => {
				const bytes = Buffer.from(content);
				const plain = bytes.toString("base64");
				const text = Base64Text.parse(isBroken ? plain.replaceAll(/.{10}/g, "$&\r\n") : plain) ?? assert.fail();
				assert.equal(text.byteLength, bytes.length);
				assert.deepEqual(text.bytes(offset, length), bytes.subarray(offset, offset + length));
			},
		),
	);
});

test("a long text that fails at its end is refused without going back", () => {
	assert.equal(Base64Text.parse(`${"\n".repeat(100_000)}${"A".repeat(2_000_000)}${"=\n".repeat(100_000)}!`), null);
});
