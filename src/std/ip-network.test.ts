import assert from "node:assert/strict";
import { BlockList, isIPv4 } from "node:net";
import { test } from "node:test";

import fc from "fast-check";

import { readIpNetwork } from "./ip-network.ts";

for (const text of [
	"",
	"10.0.0.0/33",
	"10.0.0.1/8",
	"10.0.0.0/08",
	"10.0.0.0/",
	"10.0.0/8",
	"::1/129",
	"2001:db8::1/32",
	"*",
	"0/0",
	"localhost",
]) {
	test(`"${text}" is not a network`, () => assert.equal(readIpNetwork(text), undefined));
}

const members: readonly (readonly [network: string, address: string, inside: boolean])[] = [
	["10.0.0.0/8", "11.0.0.1", false],
	["127.0.0.1", "127.0.0.2", false],
	["127.0.0.1", "::1", false],
	["0.0.0.0/0", "::1", false],
	["10.0.0.0/8", "10.1.2.3:80", false],
	["2001:db8::/32", "2001:db9::1", false],
	["10.0.0.0/8", "10.255.0.1", true],
	["10.0.0.0/8", "::ffff:10.255.0.1", true],
	["0.0.0.0/0", "203.0.113.7", true],
	["::/0", "203.0.113.7", true],
	["127.0.0.1", "127.0.0.1", true],
	["::1", "0:0:0:0:0:0:0:1", true],
	["2001:db8::/32", "2001:DB8:ffff::1", true],
	["::ffff:10.0.0.0/104", "10.9.9.9", true],
];
for (const [network, address, inside] of members) {
	test(`${address} is ${inside ? "" : "not "}in ${network}`, () => assert.equal(readIpNetwork(network)?.contains(address), inside));
}

test("agrees with the runtime's block list", () => {
	fc.assert(
		fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.ipV4(), (base, prefix, other) => {
			const list = new BlockList();
			list.addSubnet(base, prefix, "ipv4");
			const free = 32 - prefix;
			const value = base.split(".").reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
			const masked = (value >> BigInt(free)) << BigInt(free);
			const text = [24n, 16n, 8n, 0n].map((shift) => String((masked >> shift) & 255n)).join(".");
			const network = readIpNetwork(`${text}/${prefix}`);
			assert.ok(network !== undefined);
			for (const address of [base, other]) {
				assert.ok(isIPv4(address));
				assert.equal(network.contains(address), list.check(address, "ipv4"), `${address} in ${text}/${prefix}`);
			}
		}),
	);
});
