import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConfig } from "./parse.ts";

const parse = (proxy: object) => parseConfig(JSON.stringify({ gateway: { socket: "/run/g.sock" }, identities: { proxy } }), "f");
const USERS = { field: "remote-user" };

const refusals: readonly (readonly [what: string, written: object, path: string, message: RegExp, hint: RegExp])[] = [
	["groups without users", { groups_field: "remote-groups" }, "groups_field", /no effect/, /field: remote-user/],
	["rules without groups", { ...USERS, rules: [{ group: "ops", role: "user" }] }, "rules", /no effect/, /groups_field: remote-groups/],
	["another field", { ...USERS, groups_field: "x-groups" }, "groups_field", /not one of/, /write one of|did you mean/],
	[
		"two groups in one",
		{ ...USERS, groups_field: "remote-groups", rules: [{ group: "a,b", role: "user" }] },
		"rules[0].group",
		/not the name of a group/,
		/without commas/,
	],
	[
		"a group that is nothing",
		{ ...USERS, groups_field: "remote-groups", rules: [{ group: " ", role: "user" }] },
		"rules[0].group",
		/not the name/,
		/gpu-operators/,
	],
];
for (const [what, written, path, message, hint] of refusals) {
	test(`refuses ${what}`, () => {
		const parsed = parse(written);
		assert.ok("problems" in parsed);
		const [problem] = parsed.problems;
		assert.equal(problem?.path, `identities.proxy.${path}`);
		assert.match(problem.message, message);
		assert.match(problem.hint ?? "", hint);
	});
}

test("rules keep their order, and say nothing of models unless told to", () => {
	const rules = [
		{ group: "/team/gpu operators", role: "operator" },
		{ group: "Büro", role: "user", models: ["llama3.2:*"] },
	];
	const parsed = parse({ ...USERS, groups_field: "x-forwarded-groups", rules });
	assert.ok("config" in parsed);
	const { groupsField, rules: read } = parsed.config.identities.proxy;
	assert.equal(groupsField, "x-forwarded-groups");
	assert.deepEqual(read, [{ ...rules[0], models: null }, rules[1]]);
});
