import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { readIpNetwork } from "./ip-network.ts";
import { networkOf } from "./network-of.ts";

const CUSTOMER = { v4: 32, v6: 56 };
const PROVIDER = { v4: 24, v6: 48 };

for (const [address, network] of [
	["", ""],
	["not an address", "not an address"],
	["unix", "unix"],
	["192.0.2.7", "192.0.2.7"],
	["::ffff:192.0.2.7", "192.0.2.7"],
	["::ffff:c000:207", "192.0.2.7"],
	["2001:db8:0:1:2:3:4:5", "2001:db8::/56"],
	["2001:db8:0:12ff::1", "2001:db8:0:1200::/56"],
	["2001:0DB8::1", "2001:db8::/56"],
	["fe80::1%eth0", "fe80::/56"],
	["::1", "::/56"],
] as const) {
	test(`the network of "${address}" is "${network}"`, () => assert.equal(networkOf(address, CUSTOMER), network));
}

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
] as const) {
	test(`'${one}' and '${other}' are ${same ? "" : "not "}counted together`, () =>
		assert.equal(networkOf(one, PROVIDER) === networkOf(other, PROVIDER), same));
}

test("an address lies in its network, and every address there has the same", () => {
	const sizes = fc.record({ v4: fc.integer({ min: 1, max: 32 }), v6: fc.integer({ min: 1, max: 128 }) });
	fc.assert(
		fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), sizes, (address, size) => {
			const text = networkOf(address, size);
			const network = readIpNetwork(text);
			assert.ok(network !== undefined, text);
			assert.ok(network.contains(address), `${address} in ${text}`);
			assert.equal(networkOf(text.split("/", 1)[0] ?? "", size), text);
		}),
	);
});
