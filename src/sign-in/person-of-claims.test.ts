import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { AdminRule } from "../model/admin-role.ts";
import { fits, personOf } from "./person-of-claims.ts";

const WHO = { iss: "https://id.example.org", sub: "u-1" };
const rule = (claim: string, matches: string): AdminRule => ({ claim, matches, role: "viewer" });

const strangers: readonly (readonly [what: string, claims: Record<string, unknown>, rule: AdminRule])[] = [
	["no such claim", {}, rule("groups", "staff")],
	["another value", { groups: ["stuff"] }, rule("groups", "staff")],
	["another case", { groups: ["Staff"] }, rule("groups", "staff")],
	["a value that only contains it", { groups: ["not-staff-really"] }, rule("groups", "staff")],
	["an object of that name", { groups: { staff: true } }, rule("groups", "staff")],
	["what every object inherits", {}, rule("constructor.name", "Object")],
	["what every list has", { groups: [] }, rule("groups.length", "0")],
	["a star that would cross an at", { upn: "a@good@evil" }, rule("upn", "*@evil")],
	["a star that would cross a slash", { path: "a/b" }, rule("path", "*b")],
	["an address that is not verified", { email: "a@example.org" }, rule("email", "*@example.org")],
];

for (const [what, claims, only] of strangers) {
	test(`lets nobody in for ${what}`, () => {
		assert.equal(personOf({ ...WHO, ...claims }, [only]), null);
	});
}

test("the first rule that fits decides", () => {
	const rules: AdminRule[] = [
		{ claim: "groups", matches: "gpu-admins", role: "admin" },
		{ claim: "realm_access.roles", matches: "ops", role: "operator" },
		{ claim: "https://example.org/roles", matches: "see*", role: "viewer" },
	];
	assert.equal(personOf({ ...WHO, realm_access: { roles: ["x", "ops"] }, groups: "gpu-admins" }, rules)?.role, "admin");
	assert.equal(personOf({ ...WHO, realm_access: { roles: ["x", "ops"] } }, rules)?.role, "operator");
	assert.equal(personOf({ ...WHO, "https://example.org/roles": ["seers"] }, rules)?.role, "viewer");
});

test("the id is of issuer and subject alone, and of both", () => {
	const id = (change: object): string | undefined => personOf({ ...WHO, g: "x", ...change }, [rule("g", "x")])?.id;
	assert.equal(id({ name: "ada" }), id({ name: "otto" }));
	assert.notEqual(id({}), id({ sub: "u-2" }));
	assert.notEqual(id({}), id({ iss: "https://other.example.org" }));
});

test("a name that would move a cursor or turn the writing is shown without that", () => {
	const person = personOf({ ...WHO, g: "x", preferred_username: "ada\u001b[2J\u202enimda\r\n" }, [rule("g", "x")]);
	assert.match(person?.name ?? "", /^ada\?\[2J\?nimda\?*$/);
	assert.ok((personOf({ ...WHO, g: "x", name: "n".repeat(500) }, [rule("g", "x")])?.name.length ?? 0) <= 64);
});

test("a pattern fits as a regular expression would have it, in time that its length bounds", () => {
	const piece = fc.stringMatching(/^[ab@/]{0,3}$/);
	fc.assert(
		fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), fc.stringMatching(/^[ab@/]{0,12}$/), (pieces, value) => {
			const expected = new RegExp(`^${pieces.map((text) => text.replaceAll("/", "\\/")).join("[^@/]*")}$`).test(value);
			const found = fits(pieces.join("*"), value);
			// Going forward only may miss what going back would find, and never finds more.
			assert.ok(!found || expected, `${pieces.join("*")} ${value}`);
			if (pieces.length <= 2) assert.equal(found, expected);
		}),
	);
	assert.equal(fits(`${"a*".repeat(100)}b`, "a".repeat(100_000)), false);
});
