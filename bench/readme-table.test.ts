import assert from "node:assert/strict";
import { test } from "node:test";

import type { Machine } from "./machine.ts";
import { readmeTable, withTable } from "./readme-table.ts";

const MACHINE: Machine = {
	processor: "AMD EPYC",
	cores: 2,
	memoryBytes: 2 ** 33,
	kernel: "6.1",
	node: "26.10.0",
	openssl: "3.5",
	programs: { nginx: "1.22.1", haproxy: "2.6.12" },
	rempart: "0.1.0 (abc)",
};

const refused: readonly (readonly [what: string, text: string, why: RegExp])[] = [
	["without markers", "# Rempart\n", /no <!-- bench:begin/],
	["without an end", "<!-- bench:begin -->\n", /no <!-- bench:end/],
	["with two beginnings", "<!-- bench:begin --><!-- bench:begin --><!-- bench:end -->", /more than one/],
	["whose end comes first", "<!-- bench:end --><!-- bench:begin -->", /stands before/],
];

for (const [what, text, why] of refused) {
	test(`refuses a README ${what}`, () => {
		assert.throws(() => withTable(text, "x"), why);
	});
}

test("replaces what is between the markers and nothing else, however often", () => {
	const text = "before\n<!-- bench:begin -->\nold $& $1\n<!-- bench:end -->\nafter\n";
	const once = withTable(text, "| new $& |");
	assert.equal(once, "before\n<!-- bench:begin -->\n\n| new $& |\n\n<!-- bench:end -->\nafter\n");
	assert.equal(withTable(once, "| new $& |"), once);
});

test("shows what has a bound and what readers ask for, and leaves the rest to the report", () => {
	const figure = { what: "", value: 1, unit: "×", spread: null, aim: null, better: "less", detail: null } as const;
	const text = readmeTable("2026-11-23T08:00:00.000Z", MACHINE, 5, [
		{ ...figure, id: "a", what: "bounded", atLeast: 2 },
		{ ...figure, id: "chat-cpu/haproxy", what: "asked for", atLeast: null },
		{ ...figure, id: "b", what: "left out", atLeast: null },
	]);
	assert.ok(text.includes("| bounded ") && text.includes("| asked for "));
	assert.ok(!text.includes("left out"));
});

test("says when, where and with what the figures were measured", () => {
	const figure = {
		id: "a",
		what: "CPU",
		value: 1,
		unit: "×",
		spread: null,
		atLeast: 2,
		aim: null,
		better: "less",
		detail: null,
	} as const;
	const text = readmeTable("2026-11-23T08:00:00.000Z", MACHINE, 5, [figure]);
	for (const word of ["2026-11-23", "AMD EPYC", "2 cores", "nginx 1.22.1, haproxy 2.6.12", "5 rounds", "| CPU ", "Ratios", "0.1.0 (abc)"]) {
		assert.ok(text.includes(word), word);
	}
});
