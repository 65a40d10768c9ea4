import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { parseConfig } from "./parse.ts";
import { readSecretReference } from "./values/secret-reference.ts";
import { readWebUrl } from "./values/web-url.ts";

const SOUND = {
	issuer: "https://id.example.org/realms/ops",
	client_id: "rempart",
	public_url: "https://admin.example.org",
	rules: [{ claim: "groups", matches: "gpu-admins", role: "admin" }],
};

const refusals: readonly (readonly [what: string, change: object, path: string, message: RegExp])[] = [
	["an issuer in clear", { issuer: "http://id.example.org" }, "issuer", /http would let/],
	["an issuer with a query", { issuer: "https://id.example.org/?a" }, "issuer", /query/],
	["an issuer with credentials", { issuer: "https://a:b@id.example.org" }, "issuer", /credentials/],
	["no client", { client_id: undefined }, "client_id", /missing/],
	["a secret in the file itself", { client_secret: "hunter2" }, "client_secret", /where the secret lies/],
	["a secret at a relative path", { client_secret: "file:secret" }, "client_secret", /not absolute/],
	["no public URL", { public_url: undefined }, "public_url", /missing/],
	["a public URL with a path", { public_url: "https://admin.example.org/rempart" }, "public_url", /path/],
	["a public URL in clear", { public_url: "http://admin.example.org" }, "public_url", /http would let/],
	["no rules", { rules: [] }, "rules", /nobody/],
	["a rule for everybody", { rules: [{ claim: "groups", matches: "*", role: "admin" }] }, "rules[0].matches", /not a pattern/],
	["a role that is none", { rules: [{ claim: "groups", matches: "x", role: "root" }] }, "rules[0].role", /not one of/],
	["a shared secret as a signature", { algorithms: ["HS256"] }, "algorithms[0]", /not one of/],
	["no signature", { algorithms: ["none"] }, "algorithms[0]", /not one of/],
	["no algorithm at all", { algorithms: [] }, "algorithms", /empty/],
	["idleness longer than life", { idle: "2h", lifetime: "1h" }, "idle", /longer/],
	["settings without an issuer", { issuer: undefined }, "client_id", /no effect/],
];

for (const [what, change, path, message] of refusals) {
	test(`refuses ${what}`, () => {
		const parsed = parse({ ...SOUND, ...change });
		assert.ok("problems" in parsed, "it was accepted");
		const found = parsed.problems.find((problem) => problem.path === `admin.sign_in.${path}`);
		assert.match(found?.message ?? JSON.stringify(parsed.problems), message);
		assert.doesNotMatch(JSON.stringify(parsed.problems), /hunter2/);
	});
}

test("is off without an issuer, and asks for openid whatever else is asked", () => {
	const off = parse({});
	assert.equal("config" in off ? off.config.admin.signIn : undefined, null);
	const on = parse({ ...SOUND, scopes: ["groups"], client_secret: "env:REMPART_OIDC" });
	assert.ok("config" in on, JSON.stringify(on));
	const { signIn } = on.config.admin;
	assert.deepEqual(signIn?.scopes, ["openid", "groups"]);
	assert.deepEqual(signIn?.clientSecret, { env: "REMPART_OIDC" });
	assert.equal(signIn?.publicUrl.text, "https://admin.example.org");
});

test("http is for this machine, by any of its names", () => {
	for (const url of ["http://localhost:11436", "http://127.0.0.1:11436", "http://127.9.9.9", "http://[::1]:11436", "http://a.localhost"]) {
		assert.ok("value" in readWebUrl(url, false), url);
	}
	for (const url of [
		"http://localhost.example.org",
		"http://127.0.0.1.example.org",
		"http://10.0.0.1",
		"http://[::2]",
		"http://0.0.0.0:1",
	]) {
		assert.ok(!("value" in readWebUrl(url, false)), url);
	}
});

test("what is read as a URL is one that every reader reads so, and what is read as a reference names a place", () => {
	fc.assert(
		fc.property(fc.oneof(fc.webUrl(), fc.string()), (text) => {
			const url = readWebUrl(text, true);
			if ("value" in url) assert.equal(new URL(text).origin, url.value.origin);
			const reference = readSecretReference(text);
			if ("value" in reference) assert.match(text, /^(env|file):/);
			else assert.ok(text.length < 8 || !reference.message.includes(text));
		}),
	);
});

function parse(signIn: object) {
	return parseConfig(JSON.stringify({ admin: { sign_in: signIn } }), "test.yaml");
}
