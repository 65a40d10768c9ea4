import assert from "node:assert/strict";
import { test } from "node:test";
import { networkOf } from "./network-of.ts";

for (const [address, network] of [
	["192.0.2.7", "192.0.2"],
	["::ffff:192.0.2.7", "192.0.2"],
	["2001:db8:1:2::7", "2001:db8:1"],
	["2001:db8::7", "2001:db8:0"],
	["2001:0DB8:0001::7", "2001:db8:1"],
	["::1", "0:0:0"],
	["fe80::1%eth0", "fe80:0:0"],
	["not an address", ""],
	["", ""],
] as const) {
	test(`'${address}' is counted under '${network}'`, () => assert.equal(networkOf(address), network));
}
