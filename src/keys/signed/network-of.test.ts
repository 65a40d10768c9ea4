import assert from "node:assert/strict";
import { test } from "node:test";
import { networkOf } from "./network-of.ts";

for (const [one, other, same] of [
	["192.0.2.7", "192.0.3.7", false],
	["2001:db8:1::1", "2001:db8:2::1", false],
	["::1", "2001:db8::1", false],
	["0.0.0.1", "::1", false],
	["", "192.0.2.7", false],
	["192.0.2.7", "192.0.2.200", true],
	["192.0.2.7", "::ffff:192.0.2.9", true],
	["2001:db8:1:2::7", "2001:0DB8:0001:ffff::1", true],
	["fe80::1%eth0", "fe80::2%eth1", true],
	["not an address", "", true],
] as const) {
	test(`'${one}' and '${other}' are ${same ? "" : "not "}counted together`, () => assert.equal(networkOf(one) === networkOf(other), same));
}
