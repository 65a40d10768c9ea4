import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { parseConfig } from "./parse.ts";

const RULES = "rules: [{ claim: groups, values: [a], role: user }]";
const good = `issuer: "https://sso.example.org/realm", audiences: [gpu], ${RULES}`;
const tokens = (...issuers: readonly string[]) => `identities: { tokens: [${issuers.map((one) => `{ ${one} }`).join(", ")}] }`;

function problems(yaml: string): readonly string[] {
	const parsed = parseConfig(yaml, "f");
	return "problems" in parsed ? parsed.problems.map(({ path, message, hint }) => `${path}: ${message} | ${hint}`) : [];
}

const INTROSPECTION = "introspection: { client_id: r, client_secret: env:SECRET }";

for (const [what, yaml, problem] of [
	["no issuer", tokens(`audiences: [gpu], ${RULES}`), /tokens\[0\]\.issuer: is missing/],
	["no audience", tokens(`issuer: "https://sso.example.org", ${RULES}`), /audiences: is missing/],
	["an empty list of audiences", tokens(good.replace("[gpu]", "[]")), /audiences: the list is empty/],
	["no rule", tokens(good.replace(RULES, "rules: []")), /rules: the list is empty/],
	["a rule without values", tokens(good.replace("values: [a]", "values: []")), /values: the list is empty/],
	["a symmetric algorithm", tokens(`${good}, algorithms: [HS256]`), /algorithms\[0\]: "HS256" is not one of RS256/],
	["no algorithm at all", tokens(`${good}, algorithms: [none]`), /"none" is not one of/],
	["an issuer in clear", tokens(good.replace("https:", "http:")), /issuer: http would let/],
	[
		"an issuer in clear on this machine, unasked",
		tokens(good.replace("https://sso.example.org", "http://127.0.0.1:9")),
		/issuer: is http \| write https/,
	],
	["keys in clear on this machine, unasked", tokens(`${good}, jwks: "http://localhost:9/jwks"`), /jwks: is http/],
	["an issuer with a password in it", tokens(good.replace("https://", "https://a:b@")), /issuer: the URL holds credentials/],
	["an issuer with a query", tokens(good.replace("realm", "realm?a=b")), /issuer: the URL holds credentials, a query/],
	["an issuer that is named twice", tokens(good, good), /tokens\[1\]\.issuer: is named twice/],
	[
		"two that would be asked about opaque tokens",
		tokens(`${good}, ${INTROSPECTION}`, `${good.replace("realm", "other")}, ${INTROSPECTION}`),
		/tokens\[1\]\.introspection: stands with a second issuer/,
	],
	["a secret in clear", tokens(`${good}, ${INTROSPECTION.replace("env:SECRET", "hunter2")}`), /client_secret: /],
	[
		"keys by URL and no place to introspect",
		tokens(`${good}, jwks: "https://sso.example.org/jwks", ${INTROSPECTION}`),
		/introspection\.endpoint: is missing/,
	],
	["too much forgiveness for clocks", tokens(`${good}, clock_skew: 1h`), /clock_skew: 1h is too much/],
	[
		"a setting that is not one",
		tokens(`${good}, audience: gpu`),
		/audience: is not a setting \| did you mean identities.tokens\[0\].audiences/,
	],
] as const) {
	test(`${what} is a mistake`, () => {
		const found = problems(yaml);
		assert.match(found.join("\n"), problem);
		assert.ok(!found.join().includes("hunter2"));
	});
}

test("what is not written is strict: at+jwt, asymmetric algorithms, half a minute, five minutes, a day", () => {
	const parsed = parseConfig(tokens(good), "f");
	assert.ok("config" in parsed);
	const [issuer] = parsed.config.identities.tokens;
	assert.deepEqual(issuer, {
		issuer: "https://sso.example.org/realm",
		audiences: ["gpu"],
		algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
		types: ["at+jwt"],
		clockSkewMs: 30_000,
		name: "preferred_username",
		groups: null,
		clients: [],
		rules: [{ claim: "groups", values: ["a"], role: "user", models: null }],
		jwks: null,
		authorities: null,
		rememberMs: 300_000,
		staleMs: 86_400_000,
		clearText: false,
		introspection: null,
	});
});

test("an issuer is kept byte for byte, since tokens name it so", () => {
	for (const issuer of ["https://sts.windows.net/0000/", "https://SSO.example.org:443/a", "https://sso.example.org"]) {
		const parsed = parseConfig(tokens(good.replace("https://sso.example.org/realm", issuer)), "f");
		assert.equal("config" in parsed && parsed.config.identities.tokens[0]?.issuer, issuer);
	}
});

test("the configurations that are documented for Keycloak, Authentik, Entra and Google are sound", () => {
	const page = readFileSync(new URL("../../docs/identities/access-tokens.md", import.meta.url), "utf8");
	const written = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = ""]) => yaml);
	assert.equal(written.length, 5);
	for (const yaml of written) assert.deepEqual(problems(yaml), []);
	const issuers = written.map((yaml) => {
		const parsed = parseConfig(yaml, "f");
		return "config" in parsed ? new URL(parsed.config.identities.tokens[0]?.issuer ?? "").hostname : "";
	});
	assert.deepEqual(issuers, ["sso.example.org", "sso.example.org", "auth.example.org", "login.microsoftonline.com", "accounts.google.com"]);
});
