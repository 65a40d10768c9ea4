import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { test } from "node:test";

import fc from "fast-check";

import { readIpAddress } from "./ip-address.ts";

for (const text of [
	"",
	"1",
	"1.2.3",
	"1.2.3.4.5",
	"01.2.3.4",
	"256.1.1.1",
	"0x7f.0.0.1",
	" 127.0.0.1",
	"127.0.0.1:80",
	"[::1]",
	"fe80::1%eth0",
	":::",
	"1::2::3",
	"::ffff:1.2.3",
	"::/0",
	"localhost",
	"::1\n",
]) {
	test(`"${text.trim()}" is not an address${text === text.trim() ? "" : " with space around it"}`, () =>
		assert.equal(readIpAddress(text), undefined));
}

const permits: readonly (readonly [written: string, text: string, loopback: boolean, unspecified: boolean])[] = [
	["127.255.0.1", "127.255.0.1", true, false],
	["128.0.0.1", "128.0.0.1", false, false],
	["0.0.0.0", "0.0.0.0", false, true],
	["0:0:0:0:0:0:0:1", "::1", true, false],
	["::", "::", false, true],
	["2001:DB8:0:0::7", "2001:db8::7", false, false],
	["::ffff:127.0.0.1", "::ffff:7f00:1", true, false],
	["::ffff:0.0.0.0", "::ffff:0:0", false, true],
	["::ffff:10.0.0.1", "::ffff:a00:1", false, false],
];

for (const [written, text, loopback, unspecified] of permits) {
	test(`${written} is ${text}`, () => {
		assert.deepEqual(readIpAddress(written), { text, version: written.includes(":") ? 6 : 4, loopback, unspecified });
	});
}

test("agrees with the runtime about what an address is, zones apart, and is settled by one reading", () => {
	const texts = fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), fc.stringMatching(/^[0-9a-f:.]{1,20}$/), fc.string());
	fc.assert(
		fc.property(texts, (text) => {
			const address = readIpAddress(text);
			assert.equal(address !== undefined, isIPv4(text) || (isIPv6(text) && !text.includes("%")), text);
			if (address !== undefined) assert.deepEqual(readIpAddress(address.text), address);
		}),
		{ numRuns: 1_000 },
	);
});
