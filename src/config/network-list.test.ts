import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { MOST_LISTED, readNetworkList } from "./network-list.ts";

for (const [what, text, mistake] of [
	["an empty file", "", /names no network/],
	["nothing but comments", "# office\n\n  # 10.0.0.0/8\n", /names no network/],
	["a line that is none", "10.0.0.0/8\noffice\n", /^line 2: "office" is not/],
	["bits behind the prefix", "10.0.0.1/8\n", /^line 1: /],
	["two in a line", "10.0.0.0/8 192.0.2.1\n", /^line 1: /],
	["more than there may be", "192.0.2.1\n".repeat(MOST_LISTED + 1), /more than 200000/],
] as const) {
	test(`refuses ${what}`, () => {
		const read = readNetworkList(text);
		assert.match("mistake" in read ? read.mistake : "", mistake);
	});
}

test("takes one network a line, with comments, empty lines and any line ends", () => {
	const read = readNetworkList("# office\r\n10.0.0.0/8 # all of it\r\n\n\t2001:db8::/32\n192.0.2.7");
	assert.ok("networks" in read);
	assert.deepEqual(
		read.networks.map(({ text }) => text),
		["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"],
	);
});

test("never throws, and says the line of whatever it refuses", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (text) => {
			const read = readNetworkList(text);
			if ("mistake" in read) assert.match(read.mistake, /^(line \d+: |it names no network$)/);
		}),
	);
});
