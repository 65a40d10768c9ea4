import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { printable, Terminal, table } from "./terminal.ts";

const ESCAPE = "\u001b[";

for (const [what, environment, isTTY] of [
	["into a pipe", {}, false],
	["with NO_COLOR", { NO_COLOR: "1" }, true],
	["on a dumb terminal", { TERM: "dumb" }, true],
] as const) {
	test(`no colour ${what}`, () => {
		const { terminal, out, err } = terminalOf(environment, isTTY);
		terminal.line(terminal.paint("red", "x"));
		terminal.error("x", "y");
		assert.ok(!`${out()}${err()}`.includes(ESCAPE));
	});
}

test("an empty NO_COLOR does not count, as no-color.org has it", () => {
	const { terminal, out } = terminalOf({ NO_COLOR: "" }, true);
	terminal.line(terminal.paint("red", "x"));
	assert.equal(out(), `${ESCAPE}31mx${ESCAPE}39m\n`);
});

test("no progress where nobody looks", () => {
	const { terminal, out, err } = terminalOf({}, false);
	terminal.progress("starting …");
	assert.equal(`${out()}${err()}`, "");
});

test("errors go to standard error as error: and hint:, results to standard output", () => {
	const { terminal, out, err } = terminalOf({}, false);
	terminal.error("it broke", "mend it");
	terminal.warn("it may break", null);
	terminal.line("result");
	terminal.object({ a: 1 });
	assert.equal(err(), "error: it broke\nhint: mend it\nwarning: it may break\n");
	assert.equal(out(), 'result\n{"a":1}\n');
});

for (const [what, text] of [
	["an escape sequence", "\u001b[2J"],
	["a C1 control", "\u009b2J"],
	["a line feed", "a\nb"],
	["a line separator", "a\u2028b"],
	["a bidirectional override (CVE-2021-42574)", "a\u202eb"],
	["a zero-width space", "a\u200bb"],
] as const) {
	test(`others' words are shown without ${what}`, () => {
		assert.match(printable(text), /\\u\{[0-9a-f]+\}/);
	});
}

test("whatever others write, what is shown holds no control character, and plain text stays as it is", () => {
	fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => !/[\p{Cc}\u2028\u2029\u202e]/u.test(printable(text))));
	assert.equal(printable("Zoë's laptop, llama3.2:latest ✓"), "Zoë's laptop, llama3.2:latest ✓");
});

test("a table's columns line up and nothing trails", () => {
	assert.deepEqual(
		table([
			["a", "bbb", "c"],
			["aaaa", "b", "cc"],
		]),
		["a     bbb  c", "aaaa  b    cc"],
	);
});

function terminalOf(environment: Record<string, string>, isTTY: boolean) {
	let out = "";
	let err = "";
	const terminal = new Terminal({ isTTY, write: (text) => (out += text) }, { isTTY, write: (text) => (err += text) }, environment);
	return { terminal, out: () => out, err: () => err };
}
