import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { type IpNetwork, readIpNetwork } from "./ip-network.ts";
import { IpNetworkSet } from "./ip-network-set.ts";

const setOf = (...texts: readonly string[]) => new IpNetworkSet(texts.map(networkOf));
const MIXED = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1", "203.0.113.0/24"] as const;

for (const address of [
	"11.0.0.1",
	"192.0.2.8",
	"2001:db9::1",
	"::2",
	"203.0.114.0",
	"0.0.0.1",
	"10.1.2.3:80",
	"10.0.0.0/8",
	"",
	"localhost",
]) {
	test(`"${address}" is in none of ${MIXED.join(", ")}`, () => assert.equal(setOf(...MIXED).contains(address), false));
}

for (const address of ["10.255.0.1", "::ffff:10.0.0.1", "192.0.2.7", "2001:DB8:0::9", "0:0:0:0:0:0:0:1", "203.0.113.255"]) {
	test(`"${address}" is in one of ${MIXED.join(", ")}`, () => assert.ok(setOf(...MIXED).contains(address)));
}

test("nothing is in no network, and everything in all of them", () => {
	assert.equal(setOf().contains("10.0.0.1"), false);
	assert.equal(setOf("::/0").contains("10.0.0.1"), true);
	assert.equal(setOf("0.0.0.0/0").contains("::1"), false);
});

test("says what asking each network in turn says", () => {
	const network = fc
		.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(128))
		.map(([address, prefix]) => readIpNetwork(`${address}/${prefix}`) ?? readIpNetwork(address))
		.filter((read) => read !== undefined);
	const around = fc.oneof(fc.ipV4(), fc.ipV6());
	fc.assert(
		fc.property(fc.array(network, { maxLength: 20, size: "max" }), around, (networks, other) => {
			const set = new IpNetworkSet(networks);
			for (const address of [other, ...networks.map(({ text }) => text.split("/")[0] ?? "")]) {
				assert.equal(
					set.contains(address),
					networks.some((each) => each.contains(address)),
				);
			}
		}),
	);
});

function networkOf(text: string): IpNetwork {
	return readIpNetwork(text) ?? assert.fail(text);
}
