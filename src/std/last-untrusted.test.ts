import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { lastUntrusted } from "./last-untrusted.ts";

const OURS: ReadonlySet<string> = new Set(["10.0.0.1", "10.0.0.2", "2001:db8::1"]);
const isOurs = (address: string): boolean => OURS.has(address);

const cases: readonly (readonly [peer: string, values: readonly string[], caller: string | null])[] = [
	["203.0.113.9", ["198.51.100.1"], "203.0.113.9"],
	["203.0.113.9", ["garbage"], "203.0.113.9"],
	["10.0.0.1", ["garbage"], null],
	["10.0.0.1", [""], null],
	["10.0.0.1", ["203.0.113.9,"], null],
	["10.0.0.1", ["203.0.113.9:80"], null],
	["10.0.0.1", ["[2001:db8::7]"], null],
	["10.0.0.1", ["203.0.113.9 198.51.100.1"], null],
	["10.0.0.1", ["unknown, 10.0.0.2"], null],
	["10.0.0.1", [], "10.0.0.1"],
	["10.0.0.1", ["203.0.113.9"], "203.0.113.9"],
	["10.0.0.1", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"],
	["10.0.0.1", ["garbage, 203.0.113.9"], "203.0.113.9"],
	["10.0.0.1", ["203.0.113.9, 10.0.0.2"], "203.0.113.9"],
	["10.0.0.1", ["203.0.113.9", "10.0.0.2"], "203.0.113.9"],
	["10.0.0.1", ["127.0.0.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"],
	["10.0.0.1", ["10.0.0.2"], "10.0.0.2"],
	["2001:db8::1", ["2001:DB8:0::7"], "2001:db8::7"],
	["10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"],
	["10.0.0.1", ["203.0.113.9, ::FFFF:10.0.0.2"], "203.0.113.9"],
];
for (const [peer, values, caller] of cases) {
	test(`${peer} with ${JSON.stringify(values)} is ${caller ?? "nobody"}`, () => assert.equal(lastUntrusted(peer, values, isOurs), caller));
}

test("what a caller writes to the left never matters", () => {
	fc.assert(
		fc.property(
			fc.array(fc.oneof(fc.ipV4(), fc.string(), fc.constantFrom("10.0.0.1", "10.0.0.2")), { maxLength: 10 }),
			fc.boolean(),
			(left, twice) => {
				const written = left.join(",");
				const right = twice ? "203.0.113.9, 10.0.0.2" : "203.0.113.9";
				assert.equal(lastUntrusted("10.0.0.1", [written, right], isOurs), "203.0.113.9");
				assert.equal(lastUntrusted("10.0.0.1", [`${written}, ${right}`], isOurs), "203.0.113.9");
			},
		),
	);
});

test("a list that is all ours is walked to a bound and no further", () => {
	assert.equal(lastUntrusted("10.0.0.1", [Array.from({ length: 10_000 }, () => "10.0.0.2").join(",")], isOurs), null);
	assert.equal(lastUntrusted("10.0.0.1", [Array.from({ length: 32 }, () => "10.0.0.2").join(",")], isOurs), "10.0.0.2");
});
