import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import type { CertificateNames } from "../../ports/certificate-ring.ts";
import { type CertificateRule, ruleMatcher } from "./certificate-rule.ts";

const NOBODY: CertificateNames = { cn: [], ou: [], dns: [], email: [], uri: [] };

function matched(field: CertificateRule["field"], matches: string, name: string): boolean {
	return ruleMatcher([{ field, matches, role: "user", models: null }])({ ...NOBODY, [field]: [name] }) !== null;
}

const CASES: readonly (readonly [field: CertificateRule["field"], matches: string, name: string, fits: boolean])[] = [
	["dns", "*.build.example.org", "build.example.org", false],
	["dns", "*.build.example.org", ".build.example.org", false],
	["dns", "*.build.example.org", "a.build.example.org.evil.example", false],
	["dns", "*.build.example.org", "axbuildxexample.org", false],
	["dns", "a.example", "b.a.example", false],
	["email", "*@example.org", "ada@evil@example.org", false],
	["email", "*@example.org", "ada@example.org.evil.example", false],
	["email", "*@example.org", "@example.org", false],
	["uri", "spiffe://example.org/ns/*/sa/ci", "spiffe://example.org/ns/a/b/sa/ci", false],
	["uri", "spiffe://example.org/x", "SPIFFE://example.org/x", false],
	["cn", "ada (ops)", "ada ops", false],
	["cn", "ada", "Ada", false],
	["cn", "ada", "ada\n", false],
	["cn", "ada*", "ada\u0000evil", false],
	["cn", "ada*", `ada${"x".repeat(300)}`, false],
	["dns", "*.build.example.org", "a.build.example.org", true],
	["dns", "*.build.example.org", "a.b.build.example.org", true],
	["dns", "*.Build.example.org", "A.BUILD.EXAMPLE.ORG", true],
	["email", "*@example.org", "ada.l+x@Example.org", true],
	["uri", "spiffe://example.org/ns/*/sa/ci", "spiffe://example.org/ns/a-b/sa/ci", true],
	["cn", "ada (ops)", "ada (ops)", true],
];
for (const [field, matches, name, fits] of CASES) {
	test(`${field} ${JSON.stringify(name)} ${fits ? "fits" : "does not fit"} ${matches}`, () =>
		assert.equal(matched(field, matches, name), fits));
}

test("a name in another field does not count", () => {
	const match = ruleMatcher([{ field: "dns", matches: "a.example", role: "user", models: null }]);
	assert.equal(match({ ...NOBODY, cn: ["a.example"], email: ["a.example"] }), null);
});

test("the first rule that fits decides, and any of several names", () => {
	const rules: CertificateRule[] = [
		{ field: "ou", matches: "ops", role: "operator", models: null },
		{ field: "cn", matches: "ada", role: "user", models: ["door"] },
	];
	const match = ruleMatcher(rules);
	assert.deepEqual(match({ ...NOBODY, cn: ["eve", "ada"] }), { rule: rules[1], name: "ada" });
	assert.deepEqual(match({ ...NOBODY, cn: ["ada"], ou: ["ops"] }), { rule: rules[0], name: "ops" });
	assert.equal(match(NOBODY), null);
});

test("a pattern without a star fits itself alone, whatever is in it", () => {
	const text = fc
		.string({ minLength: 1, maxLength: 20, size: "max" })
		.filter((one) => /^[\p{L}\p{N}\p{P}\p{S} ]+$/u.test(one) && !one.includes("*"));
	fc.assert(
		fc.property(text, text, (one, other) => {
			assert.ok(matched("cn", one, one));
			assert.equal(matched("cn", one, other), one === other);
		}),
	);
});
