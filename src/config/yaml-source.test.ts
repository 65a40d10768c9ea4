import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { LARGEST_TEXT, readYaml } from "./yaml-source.ts";

const STRUCTURE = 'write each setting as "key: value" on a line of its own, with a space after the colon';

const refusals: readonly (readonly [
	what: string,
	text: string,
	line: number,
	column: number,
	path: string,
	message: string,
	hint: string,
])[] = [
	["a tab", "a:\n\tb: 1\n", 2, 1, "", "this is not valid YAML: tabs are not allowed as indentation", "indent with spaces instead of tabs"],
	["an open quote", 'a: "b\n', 2, 1, "", 'this is not valid YAML: missing closing "quote', "add it"],
	[
		"an open bracket",
		"a: [1, 2\n",
		2,
		1,
		"",
		"this is not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]",
		"indent",
	],
	["two values on a line", "a: b: c\n", 1, 4, "", "this is not valid YAML: nested mappings are not allowed in compact mappings", STRUCTURE],
	[
		"an IPv6 address without quotes",
		"a:\n  listen: [::]:11435\n",
		2,
		15,
		"",
		"this is not valid YAML: unexpected scalar at node end",
		'put the address in quotes: "[::]:11435"',
	],
	["a star", "a: *\n", 1, 4, "", "this is not valid YAML: alias cannot be an empty string", "put text that begins with"],
	["a second document", "a: 1\n---\nb: 1\n", 2, 1, "", "a second YAML document begins here", "keep one document a file"],
	["a directive", "%YAML 1.1\n---\na: 1\n", 1, 1, "", "YAML directives are not read here", "leave lines that begin with % out"],
	[
		"a tag on a value",
		"a: !!str 1\n",
		1,
		10,
		"a",
		'YAML tags such as "tag:yaml.org,2002:str" are not read here',
		"leave the word that begins with ! out",
	],
	[
		"a tag on a section",
		"a: !!map {}\n",
		1,
		10,
		"a",
		'YAML tags such as "tag:yaml.org,2002:map" are not read here',
		"leave the word that begins with ! out",
	],
	[
		"a tag of somebody's own",
		"a: !exec rm\n",
		1,
		10,
		"a",
		'YAML tags such as "!exec" are not read here',
		"leave the word that begins with ! out",
	],
	["a key set twice", "a: 1\nb:\n  c: 1\n  c: 2\n", 4, 3, "b.c", "is set twice, first on line 3", "keep one of the two"],
	[
		"a key that is a list",
		"? [a]\n: 1\n",
		1,
		3,
		"",
		"this is not valid YAML: a key is not plain text",
		"write the key as plain text, in quotes where needed",
	],
	[
		"an alias of nothing",
		"a: *b\n",
		1,
		4,
		"a",
		"the alias *b stands for nothing",
		"put text that begins with * into quotes, or define &b above",
	],
	[
		"an alias of what follows",
		"a: *b\nc: &b 1\n",
		1,
		4,
		"a",
		"the alias *b stands for nothing",
		"put text that begins with * into quotes, or define &b above",
	],
	["an alias within itself", "a: &b\n  c: *b\n", 2, 6, "a.c", "the alias *b contains itself", "write the value out"],
	["a key that changes prototypes", "a:\n  __proto__: {b: 1}\n", 2, 3, "a.__proto__", "is not a setting", "leave it out"],
];

for (const [what, text, line, column, path, message, hint] of refusals) {
	test(`refuses ${what}`, () => {
		const [mistake, ...others] = readYaml(text).mistakes;
		assert.deepEqual([mistake?.line, mistake?.column, mistake?.path, mistake?.message], [line, column, path, message]);
		assert.equal(mistake?.hint.slice(0, hint.length), hint);
		assert.deepEqual(others, []);
	});
}

test("refuses a file beyond the largest size without reading it", () => {
	const { value, mistakes } = readYaml("#".repeat(LARGEST_TEXT + 1));
	assert.equal(value, undefined);
	assert.deepEqual(
		mistakes.map(({ message }) => message),
		[`the file is too large, ${LARGEST_TEXT + 1} characters`],
	);
});

test("refuses aliases that unfold to billions of values, and says so once", () => {
	const levels = Array.from({ length: 9 }, (_, level) => `l${level + 1}: &l${level + 1} [${Array(10).fill(`*l${level}`).join(", ")}]`);
	const { mistakes } = readYaml(["l0: &l0 [x]", ...levels].join("\n"));
	assert.deepEqual(
		mistakes.map(({ message }) => message),
		["this unfolds to too much"],
	);
});

for (const [what, text] of [
	["brackets", "[".repeat(30_000)],
	["dashes", "- ".repeat(30_000)],
	["indentation", Array.from({ length: 500 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
] as const) {
	test(`refuses ${what} nested without end`, () => assert.notEqual(readYaml(text).mistakes.length, 0));
}

for (const [what, text] of [
	["nothing", ""],
	["spaces", " \n\n"],
	["comments", "# a\n## b\n"],
	["a document's mark", "---\n"],
	["a byte order mark", "\uFEFF"],
	["an end mark", "---\n...\n"],
] as const) {
	test(`reads a file of ${what} as one without settings`, () => {
		const { value, mistakes } = readYaml(text);
		assert.deepEqual(mistakes, []);
		assert.deepEqual(value, {});
	});
}

test("reads YAML 1.2: yes and off are words, keys are text, aliases stand for copies", () => {
	const { value, mistakes } = readYaml('a: yes\nb: &x [off, 0x10, 1e3, ~, true]\n12: *x\n"d": |\n  text\n<<: 1\n');
	assert.deepEqual(mistakes, []);
	assert.deepEqual(value, { a: "yes", b: ["off", 16, 1_000, null, true], "12": ["off", 16, 1_000, null, true], d: "text\n", "<<": 1 });
});

test("finds where values, keys, entries and what was not written belong", () => {
	const source = readYaml("a:\r\n  - b: 1\r\n    c:\r\n  - 2\r\n");
	assert.deepEqual(source.locate(["a", 0, "b"], "value"), { line: 2, column: 8 });
	assert.deepEqual(source.locate(["a", 0, "b"], "key"), { line: 2, column: 5 });
	assert.deepEqual(source.locate(["a", 0, "c"], "value"), { line: 3, column: 5 });
	assert.deepEqual(source.locate(["a", 1], "value"), { line: 4, column: 5 });
	assert.deepEqual(source.locate(["a", 0, "missing", "too"], "value"), { line: 2, column: 5 });
	assert.deepEqual(source.locate(["missing"], "value"), { line: 1, column: 1 });
});

test("no text makes it throw, and every mistake has a place in the text", () => {
	const yamlish = fc
		.array(
			fc.constantFrom(
				"a",
				"b: ",
				"- ",
				"\n",
				"  ",
				"\n  ",
				'"',
				"'",
				"[",
				"]",
				"{",
				"}",
				", ",
				"&a ",
				"*a",
				"!!str ",
				"!x",
				"#",
				"---\n",
				"...\n",
				"%YAML 1.2\n",
				"|\n",
				">",
				"? ",
				"\t",
				"\r\n",
				"1",
				"~",
				"\\",
				"\uFEFF",
				"\0",
			),
		)
		.map((parts) => parts.join(""));
	fc.assert(
		fc.property(fc.oneof({ weight: 4, arbitrary: yamlish }, fc.string({ unit: "binary" })), (text) => {
			const { value, mistakes } = readYaml(text);
			assert.ok(mistakes.length > 0 || value !== undefined);
			const lines = text.split(/\n/).length;
			for (const { line, column } of mistakes) assert.ok(line >= 1 && line <= lines && column >= 1, `${line}:${column}`);
		}),
		{ numRuns: 1_500 },
	);
});
