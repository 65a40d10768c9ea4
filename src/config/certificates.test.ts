import assert from "node:assert/strict";
import { test } from "node:test";

import { parseConfig } from "./parse.ts";

const parse = (certificates: object) => parseConfig(JSON.stringify({ identities: { certificates } }), "f");
const OUTSIDE = { ask: true, authorities: "/etc/rempart/ca.pem" };
const RULE = { field: "dns", matches: "*.build.example.org", role: "user" };

const REFUSED: readonly (readonly [what: string, written: object, path: string, message: RegExp])[] = [
	["authorities without rules", OUTSIDE, "authorities", /no effect/],
	["rules without authorities", { ask: true, rules: [RULE] }, "rules", /no effect/],
	["authorities that nobody is asked for", { ...OUTSIDE, ask: false, rules: [RULE] }, "authorities", /no effect/],
	["a demand that nobody could meet", { with_key: ["admin"] }, "with_key", /no effect/],
	["a field that there is not", { ...OUTSIDE, rules: [{ ...RULE, field: "serial" }] }, "rules[0].field", /not one of cn, ou/],
	["a rule for everybody", { ...OUTSIDE, rules: [{ ...RULE, matches: "*" }] }, "rules[0].matches", /not a name pattern/],
	["a rule for everybody with dots", { ...OUTSIDE, rules: [{ ...RULE, matches: "*.*" }] }, "rules[0].matches", /not a name pattern/],
	["an empty name", { ...OUTSIDE, rules: [{ ...RULE, matches: "" }] }, "rules[0].matches", /not a name pattern/],
	["a rule without a role", { ...OUTSIDE, rules: [{ field: "dns", matches: "a.example" }] }, "rules[0].role", /missing/],
	["a serial number in words", { revoked: ["the old one"] }, "revoked[0]", /not a serial number/],
	["a path that is not whole", { ...OUTSIDE, authorities: "ca.pem", rules: [RULE] }, "authorities", /not an absolute path/],
];
for (const [what, written, path, message] of REFUSED) {
	test(`refuses ${what}`, () => {
		const parsed = parse(written);
		assert.ok("problems" in parsed);
		const [problem] = parsed.problems;
		assert.equal(problem?.path, `identities.certificates.${path}`);
		assert.match(problem.message, message);
		assert.ok(problem.hint !== null && problem.hint !== "");
	});
}

test("nobody is asked for a certificate without being told to", () => {
	const parsed = parse({});
	assert.ok("config" in parsed);
	assert.deepEqual(parsed.config.identities.certificates, { ask: false, authorities: null, rules: [], revoked: [], withKey: [] });
});

test("everything together; serial numbers in one spelling", () => {
	const parsed = parse({ ...OUTSIDE, rules: [RULE, { ...RULE, models: ["Door"] }], revoked: ["00:4f:2a", "0"], with_key: ["admin"] });
	assert.ok("config" in parsed);
	assert.deepEqual(parsed.config.identities.certificates, {
		ask: true,
		authorities: "/etc/rempart/ca.pem",
		rules: [
			{ ...RULE, models: null },
			{ ...RULE, models: ["door"] },
		],
		revoked: ["4F2A", "0"],
		withKey: ["admin"],
	});
});
