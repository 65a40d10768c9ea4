import assert from "node:assert/strict";
import { test } from "node:test";

import { rolesNamed } from "./htpasswd.ts";
import { parseConfig } from "./parse.ts";

const parse = (htpasswd: object) => parseConfig(JSON.stringify({ identities: { htpasswd } }), "f");
const FILE = { file: "/etc/rempart/htpasswd" };

const refusals: readonly (readonly [what: string, written: object, path: string, message: RegExp, hint: RegExp])[] = [
	["a path that is not whole", { file: "htpasswd" }, "file", /not an absolute path/, /from the root/],
	["a misspelt setting", { ...FILE, group_role: {} }, "group_role", /not a setting/, /group_roles\?$/],
	["roles without a file", { roles: { alice: "user" } }, "roles", /no effect without a file of users/, /^add file:/],
	["groups without a file", { groups: "/g", group_roles: { ops: "user" } }, "groups", /no effect without a file of users/, /^add file:/],
	[
		"roles of groups without a file of groups",
		{ ...FILE, group_roles: { ops: "user" } },
		"group_roles",
		/without a file of groups/,
		/^add groups:/,
	],
	["a role that cannot be one", { ...FILE, roles: { alice: "Some Role" } }, "roles.alice", /not a name/, /write some-role/],
	[
		"a list in the place of roles",
		{ ...FILE, roles: ["alice"] },
		"roles",
		/a list is not a mapping of users to roles/,
		/a colon and a role/,
	],
	["a time without its unit", { ...FILE, remember: 60 }, "remember", /bare number 60/, /unit/],
	["more than a day of memory", { ...FILE, remember: "48h" }, "remember", /too much/, /24h/],
];

for (const [what, written, path, message, hint] of refusals) {
	test(`refuses ${what}`, () => {
		const parsed = parse(written);
		assert.ok("problems" in parsed);
		const [problem] = parsed.problems;
		assert.equal(problem?.path, `identities.htpasswd.${path}`);
		assert.match(problem.message, message);
		assert.match(problem.hint, hint);
	});
}

test("without a file nobody has a password", () => {
	const parsed = parse({});
	assert.ok("config" in parsed);
	assert.equal(parsed.config.identities.htpasswd, null);
});

test("a file alone makes users of everyone in it, remembered for an hour", () => {
	const parsed = parse(FILE);
	assert.ok("config" in parsed);
	assert.deepEqual(parsed.config.identities.htpasswd, {
		file: "/etc/rempart/htpasswd",
		role: "user",
		roles: new Map(),
		groups: null,
		groupRoles: [],
		rememberMs: 3_600_000,
	});
});

test("roles by user and by group are read, in their order, and all of them are named", () => {
	const parsed = parse({
		...FILE,
		role: "reader",
		roles: { "zu\u0308": "admin" },
		groups: "/g",
		group_roles: { ops: "operator", all: "user" },
		remember: "0s",
	});
	assert.ok("config" in parsed);
	const { htpasswd } = parsed.config.identities;
	assert.ok(htpasswd !== null);
	assert.deepEqual([...htpasswd.roles], [["z\u00fc", "admin"]]);
	assert.deepEqual(htpasswd.groupRoles, [
		["ops", "operator"],
		["all", "user"],
	]);
	assert.equal(htpasswd.rememberMs, 0);
	assert.deepEqual(rolesNamed(htpasswd), ["reader", "admin", "operator", "user"]);
});
