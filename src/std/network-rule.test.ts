import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { type IpNetwork, readIpNetwork } from "./ip-network.ts";
import { NetworkRule } from "./network-rule.ts";

const networks = (texts: readonly string[]): readonly IpNetwork[] =>
	texts.map((text) => readIpNetwork(text) ?? assert.fail(`${text} is no network`));

const rule = (allow: readonly string[], deny: readonly string[]) => new NetworkRule({ allow: networks(allow), deny: networks(deny) });

const refusals: readonly (readonly [allow: readonly string[], deny: readonly string[], address: string, why: RegExp])[] = [
	[[], ["10.0.0.0/8"], "10.1.2.3", /^10\.1\.2\.3 is denied by 10\.0\.0\.0\/8$/],
	[["10.0.0.0/8"], [], "192.0.2.1", /in none of the allowed networks/],
	[["10.0.0.0/8"], ["10.9.0.0/16"], "10.9.0.1", /denied by 10\.9\.0\.0\/16/],
	[["10.9.0.1"], ["10.0.0.0/8"], "10.9.0.1", /denied by 10\.0\.0\.0\/8/],
	[["0.0.0.0/0"], ["192.0.2.7"], "192.0.2.7", /denied by 192\.0\.2\.7$/],
	[[], ["10.0.0.0/8"], "::ffff:10.1.2.3", /denied/],
	[[], ["10.0.0.0/8"], "::ffff:a01:203", /denied/],
	[[], ["::ffff:10.0.0.0/104"], "10.1.2.3", /denied/],
	[[], ["2001:db8::/32"], "2001:DB8:0::7", /denied by 2001:db8::\/32/],
	[[], ["fe80::/10"], "fe80::1%eth0", /denied by fe80::\/10/],
	[["0.0.0.0/0"], [], "2001:db8::1", /none/],
	[["10.0.0.0/8"], [], "unix", /^unix is in none/],
	[["0.0.0.0/0", "::/0"], [], "unix", /none/],
	[["10.0.0.0/8"], [], "", /none/],
	[["10.0.0.0/8"], [], "10.1.2.3:80", /none/],
];
for (const [allow, deny, address, why] of refusals) {
	test(`${address || "nothing"} is refused where ${allow.join(" ") || "all"} may and ${deny.join(" ") || "none"} may not`, () => {
		assert.match(rule(allow, deny).refusalOf(address) ?? "permitted", why);
		assert.equal(rule(allow, deny).permits(address), false);
	});
}

const permits: readonly (readonly [allow: readonly string[], deny: readonly string[], address: string])[] = [
	[[], [], "192.0.2.1"],
	[[], [], "unix"],
	[[], ["10.0.0.0/8"], "192.0.2.1"],
	[[], ["10.0.0.0/8"], "unix"],
	[["10.0.0.0/8"], [], "10.255.255.255"],
	[["10.0.0.0/8"], [], "::ffff:10.1.2.3"],
	[["2001:db8::/32", "127.0.0.1"], ["2001:db8:1::/48"], "2001:db8:2::1"],
	[["fe80::/10"], [], "fe80::1%eth0"],
	[["::/0"], [], "192.0.2.1"],
];
for (const [allow, deny, address] of permits) {
	test(`${address} may where ${allow.join(" ") || "all"} may and ${deny.join(" ") || "none"} may not`, () => {
		assert.equal(rule(allow, deny).refusalOf(address), null);
		assert.equal(rule(allow, deny).permits(address), true);
	});
}

test("says whether it says anything, and whether it lets in only some", () => {
	const shape = (allow: readonly string[], deny: readonly string[]) => {
		const { everyone, narrows } = rule(allow, deny);
		return [everyone, narrows];
	};
	assert.deepEqual(shape([], []), [true, false]);
	assert.deepEqual(shape([], ["::/0"]), [false, false]);
	assert.deepEqual(shape(["::/0"], []), [false, true]);
});

const anyNetwork = fc.oneof(
	fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([address, prefix]) => cut(address, 32, prefix)),
	fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })).map(([address, prefix]) => cut(address, 128, prefix)),
);

/** The network of so many bits that the address lies in. */
function cut(address: string, whole: number, prefix: number): IpNetwork {
	const one = readIpNetwork(address) ?? assert.fail(address);
	const free = BigInt(whole - prefix);
	const first = (one.first >> free) << free;
	const text = whole === 32 ? octets(first) : groups(first);
	return readIpNetwork(`${text}/${prefix}`) ?? assert.fail(text);
}

const octets = (bits: bigint): string => [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 255n)).join(".");
const groups = (bits: bigint): string =>
	Array.from({ length: 8 }, (_, at) => ((bits >> BigInt(112 - 16 * at)) & 0xffffn).toString(16)).join(":");

test("says what asking each network in turn says, the first time and the second", () => {
	const lists = fc.array(anyNetwork, { maxLength: 12, size: "max" });
	fc.assert(
		fc.property(lists, lists, fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(), (allow, deny, stranger, pick) => {
			const both = [...allow, ...deny];
			const member = both[pick % Math.max(1, both.length)]?.text.split("/", 1)[0];
			const tested = new NetworkRule({ allow, deny });
			for (const address of [stranger, member ?? stranger, stranger]) {
				const may =
					!deny.some((network) => network.contains(address)) && (allow.length === 0 || allow.some((network) => network.contains(address)));
				assert.equal(tested.permits(address), may, address);
			}
		}),
	);
});

test("remembers no more addresses than it has room for, and answers the same after it forgot", () => {
	const tested = rule(["10.0.0.0/8"], ["10.0.1.0/24"]);
	for (let round = 0; round < 2; round += 1) {
		for (let last = 0; last < 2_000; last += 1) {
			const address = `10.0.${Math.floor(last / 256)}.${last % 256}`;
			assert.equal(tested.permits(address), !address.startsWith("10.0.1."));
		}
	}
});
