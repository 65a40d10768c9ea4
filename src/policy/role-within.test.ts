import assert from "node:assert/strict";
import { test } from "node:test";

import type { ParameterSpec, RoleSpec } from "../model/policy-spec.ts";
import { readIpNetwork } from "../std/ip-network.ts";
import { BUILT_IN_ROLES } from "./built-in-roles.ts";
import { isRoleWithin } from "./role-within.ts";

const CEILING: RoleSpec = BUILT_IN_ROLES.operator;

const more: readonly (readonly [what: string, change: Partial<RoleSpec>])[] = [
	["a class more", { classes: ["probe", "cloud"] }],
	["the account", { classes: ["account"] }],
	["uploads", { uploads: true }],
	["a part more to see", { reveal: ["modelfile"] }],
	["a larger context", { parameters: bounds({ numCtx: 131_073 }) }],
	["no bound on the context", { parameters: bounds({ numCtx: null }) }],
	["a model kept for longer", { parameters: bounds({ keepAliveMs: null }) }],
	["more images", { parameters: bounds({ imagesMax: 65 }) }],
	["larger images", { parameters: bounds({ imageBytesMax: 64 * 1024 * 1024 }) }],
];

for (const [what, change] of more) {
	test(`a role with ${what} is not within`, () => {
		assert.equal(isRoleWithin({ ...CEILING, ...change }, CEILING), false);
	});
}

test("a role that may be used from more places, or with less, is not within", () => {
	const [network] = [readIpNetwork("192.0.2.0/24")];
	assert.ok(network !== undefined);
	const ceiling: RoleSpec = { ...CEILING, networks: { allow: [network], deny: [] }, require: ["certificate"] };
	assert.equal(isRoleWithin({ ...ceiling, networks: CEILING.networks }, ceiling), false);
	assert.equal(isRoleWithin({ ...ceiling, require: [] }, ceiling), false);
	assert.equal(isRoleWithin(ceiling, ceiling), true);
	assert.equal(isRoleWithin(ceiling, CEILING), true);
});

test("unloading is a right of its own", () => {
	const ceiling = { ...CEILING, parameters: bounds({ unload: false }) };
	assert.equal(isRoleWithin(CEILING, ceiling), false);
});

test("where the ceiling bounds models, only its own patterns are within", () => {
	const ceiling: RoleSpec = { ...CEILING, models: { allow: ["llama3.2:*", "qwen3:8b"], deny: ["*:70b*"] } };
	const within = (models: RoleSpec["models"]): boolean => isRoleWithin({ ...CEILING, models }, ceiling);
	assert.equal(within({ allow: ["*"], deny: [] }), false);
	assert.equal(within({ allow: ["llama3.2:1b"], deny: ["*:70b*"] }), false, "it would be, but that is for nobody to guess");
	assert.equal(within({ allow: ["llama3.2:*"], deny: [] }), false, "it lacks what the ceiling denies");
	assert.equal(within({ allow: ["llama3.2:*"], deny: ["*:70b*", "x"] }), true);
	assert.equal(within({ allow: [], deny: ["*:70b*"] }), true);
});

test("each built-in role is within those after it, and in none before it", () => {
	const roles: readonly RoleSpec[] = Object.values(BUILT_IN_ROLES);
	for (const [at, role] of roles.entries()) {
		for (const [other, ceiling] of roles.entries()) {
			// A reader has what a user has, less inference; the two differ in nothing else.
			assert.equal(isRoleWithin(role, ceiling), at <= other, `${at} in ${other}`);
		}
	}
});

function bounds(change: Partial<ParameterSpec>): ParameterSpec {
	return { ...CEILING.parameters, ...change };
}
