import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { CountryTableBuilder } from "./country-table.ts";

function tableOf(text: string) {
	const builder = new CountryTableBuilder();
	for (const line of text.split("\n")) builder.take(line);
	return { table: builder.build(), skipped: builder.skipped };
}

const LIST = `# a list
1.0.0.0,1.0.0.255,AU
"1.0.1.0","1.0.3.255","CN","China"
192.0.2.0,192.0.2.255,de
198.51.100.0,198.51.100.255,ZZ
2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,FR
2001:db8:1::,2001:db8:1:ffff:ffff:ffff:ffff:ffff,IT
`;

for (const [address, country] of [
	["1.0.0.0", "AU"],
	["1.0.0.255", "AU"],
	["1.0.2.7", "CN"],
	["::ffff:192.0.2.9", "DE"],
	["192.0.3.0", null],
	["0.255.255.255", null],
	["198.51.100.1", null],
	["2001:db8:0:5::1", "FR"],
	["2001:DB8:1:0:0:0:0:1", "IT"],
	["2001:db8:2::1", null],
	["::1", null],
	["", null],
	["1.0.0.999", null],
	["no address", null],
	["1::2::3", null],
] as const) {
	test(`"${address}" is in ${country ?? "no country that the table knows"}`, () =>
		assert.equal(tableOf(LIST).table.countryOf(address), country));
}

test("lines may come in any order, and those that are none are counted", () => {
	const { table, skipped } = tableOf(
		"9.0.0.0,9.0.0.9,US\nhello\n1.0.0.0,1.0.0.9,AU\n2.0.0.9,2.0.0.0,XY\n1.2.3.4,2001:db8::,DE\n5.5.5.5,5.5.5.6,Germany\n",
	);
	assert.deepEqual([table.countryOf("1.0.0.5"), table.countryOf("9.0.0.5"), table.size, skipped], ["AU", "US", 2, 4]);
});

test("whatever the ranges, as long as they do not overlap, an address is in the one that holds it", () => {
	const cuts = fc.uniqueArray(fc.nat({ max: 2 ** 31 }), { minLength: 2, maxLength: 40, size: "max" });
	const dotted = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join(".");
	fc.assert(
		fc.property(cuts, fc.nat({ max: 2 ** 31 }), (all, asked) => {
			const sorted = all.toSorted((a, b) => a - b);
			const ranges = sorted.slice(1).map((last, at) => ({ first: sorted[at] ?? 0, last: last - 1, code: at % 2 === 0 ? "AA" : "BB" }));
			const { table } = tableOf(ranges.map(({ first, last, code }) => `${dotted(first)},${dotted(last)},${code}`).join("\n"));
			const holder = ranges.find(({ first, last }) => first <= asked && asked <= last);
			assert.equal(table.countryOf(dotted(asked)), holder?.code ?? null);
		}),
	);
});

test("no line makes it throw", () => {
	fc.assert(fc.property(fc.array(fc.string({ maxLength: 60, size: "max" })), (lines) => void tableOf(lines.join("\n"))));
});
