/** Whatever a token holds: nothing throws, and nothing inherited is found. */
import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";
import type { IssuerSpec } from "../model/issuer-spec.ts";
import { claimAt, stepsOf, valuesAt } from "./claim-path.ts";
import { ruleMatcher } from "./claim-rules.ts";
import { partsOf, readCompactJws } from "./compact-jws.ts";
import { bindingOf, judgeHeader, judgeKind, judgeMoment, judgeStanding } from "./judge-token.ts";
import { principalOf } from "./principal-of.ts";

const RULE = { claim: "groups", values: ["*"], role: "user", models: null } as const;
const SPEC: IssuerSpec = {
	issuer: "https://sso.example.org",
	audiences: ["gpu"],
	algorithms: ["ES256"],
	types: ["at+jwt", "jwt"],
	clockSkewMs: 30_000,
	name: "name",
	groups: "groups",
	clients: ["cli"],
	rules: [RULE],
	jwks: null,
	authorities: null,
	rememberMs: 0,
	staleMs: 0,
	clearText: false,
	introspection: null,
};

const names = fc.constantFrom(
	"iss",
	"sub",
	"aud",
	"exp",
	"nbf",
	"iat",
	"azp",
	"client_id",
	"cnf",
	"typ",
	"alg",
	"kid",
	"crit",
	"groups",
	"name",
	"email",
	"__proto__",
);
const object = fc.dictionary(names, fc.jsonValue({ maxDepth: 3 }));

test("no claims and no header make a judge throw, and none that were not made for it are good", () => {
	fc.assert(
		fc.property(object, fc.jsonValue(), (claims, type) => {
			const verdicts = [
				judgeHeader(claims, SPEC),
				judgeStanding(claims, SPEC),
				judgeKind(claims, type),
				judgeMoment(claims, SPEC, Date.now()),
			];
			assert.notEqual(verdicts[1], null, "the right issuer and audience do not come about by chance");
			bindingOf(claims);
			ruleMatcher([RULE])(claims);
			const { groups, name, id } = principalOf(claims, SPEC, RULE);
			for (const text of [...groups, name, id]) assert.match(text, /^[^\p{Cc}]{1,128}$/u);
		}),
	);
});

test("a path finds what the claims themselves hold, and nothing that every object has", () => {
	assert.deepEqual(stepsOf("a.b\\.c.d"), ["a", "b.c", "d"]);
	assert.deepEqual(stepsOf("https://a.b/c.d"), ["https://a.b/c.d"]);
	for (const path of [
		"constructor",
		"constructor.name",
		"toString",
		"__proto__",
		"groups.length",
		"a.constructor",
		"hasOwnProperty.name",
	]) {
		assert.equal(claimAt({ groups: ["a"], a: {} }, path), undefined, path);
	}
	fc.assert(
		fc.property(
			fc.array(
				fc.string({ minLength: 1 }).filter((step) => !/[.\\]|:\/\//.test(step)),
				{ minLength: 1, maxLength: 4 },
			),
			(steps) => {
				fc.pre(!steps.join(".").includes("://"));
				const claims = steps.reduceRight<unknown>((inner, step) => Object.fromEntries([[step, inner]]), "here");
				assert.deepEqual(valuesAt(claims as Record<string, unknown>, steps.join(".")), ["here"]);
			},
		),
	);
});

test("values are texts, numbers and truth values, of a list each, of a scope each word", () => {
	assert.deepEqual(valuesAt({ a: ["x", 1, true, null, {}, ["y"]] }, "a"), ["x", "1", "true"]);
	assert.deepEqual(valuesAt({ a: "x y", scope: "x  y" }, "a"), ["x y"]);
	assert.deepEqual(valuesAt({ a: "x y", scope: "x  y" }, "scope"), ["x", "y"]);
});

test("no text makes the reader throw, and what it reads has one spelling", () => {
	const part = fc.oneof(
		fc.base64String(),
		fc.string({ unit: "binary" }),
		fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)).toString("base64url")),
	);
	fc.assert(
		fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
			const token = parts.join(".");
			const read = readCompactJws(token);
			if (partsOf(token) === null) return assert.ok("malformed" in read);
			assert.equal(
				token
					.split(".")
					.map((text) => Buffer.from(text, "base64url").toString("base64url"))
					.join("."),
				token,
			);
		}),
	);
});
