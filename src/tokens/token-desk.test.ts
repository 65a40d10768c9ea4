/** Tokens of a provider that lies: every negative of RFC 8725, RFC 9068 and OpenID Connect's list that a resource server can meet. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";

import fc from "fast-check";

import { AUDIENCE, base64url, hmacOf, type Key, LyingProvider, makeKey, signedBy } from "../../test/support/lying-issuer.ts";
import { DocumentClient } from "../http/document-client.ts";
import { Fault } from "../model/fault.ts";
import type { IssuerSpec } from "../model/issuer-spec.ts";
import type { TokenVerdict } from "../ports/token-checker.ts";
import { Secret } from "../std/secret.ts";
import { judgeHeader } from "./judge-token.ts";
import { Provider } from "./provider.ts";
import { TokenDesk } from "./token-desk.ts";

interface World {
	readonly provider: LyingProvider;
	readonly desk: TokenDesk;
	readonly clock: { now: number; monotonic: number };
	readonly verify: (token: string, peer?: string) => Promise<TokenVerdict>;
	/** The reason, or the role. */
	readonly outcome: (token: string, peer?: string) => Promise<string>;
	/** From now on these settings count; answers with whoever lost access. */
	readonly use: (more: Partial<IssuerSpec>) => readonly string[];
}

const RULES = [{ claim: "groups", values: ["gpu-*"], role: "user", models: null }] as const;

const INTROSPECTION = { endpoint: null, clientId: "rempart", clientSecret: new Secret("s:e c"), rememberMs: 60_000 } as const;

function specOf(issuer: string, more: Partial<IssuerSpec> = {}): IssuerSpec {
	return {
		issuer,
		audiences: [AUDIENCE],
		algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
		types: ["at+jwt"],
		clockSkewMs: 30_000,
		name: "preferred_username",
		groups: "groups",
		clients: [],
		rules: RULES,
		jwks: null,
		authorities: null,
		rememberMs: 300_000,
		staleMs: 86_400_000,
		clearText: true,
		introspection: null,
		...more,
	};
}

async function startWorld(context: TestContext, more: Partial<IssuerSpec> = {}): Promise<World> {
	const lying = await LyingProvider.start(context);
	const clock = { now: Date.now(), monotonic: 0 };
	const desk = new TokenDesk({ now: () => clock.now });
	const spec = specOf(lying.issuer, more);
	const source = new DocumentClient(null);
	const provider = new Provider(spec, {
		source,
		monotonic: () => clock.monotonic,
		onTurn: () => undefined,
		onKeyGone: () => desk.distrust(lying.issuer),
		wait: (ms) => {
			clock.monotonic += ms;
			return Promise.resolve();
		},
	});
	context.after(() => provider.close());
	const use = (other: Partial<IssuerSpec>) => desk.use([{ spec: { ...spec, ...other }, provider, ask: source }]);
	use({});
	const verify = async (token: string, peer = "192.0.2.1") => await desk.verify(token, peer);
	const outcome = async (token: string, peer?: string) => {
		const verdict = await verify(token, peer);
		return "refused" in verdict ? verdict.refused : verdict.principal.role;
	};
	return { provider: lying, desk, clock, verify, outcome, use };
}

const SECONDS = Math.floor(Date.now() / 1000);

/** What a token may not be, though the provider itself has signed it. */
const SIGNED_LIES: readonly (readonly [what: string, lie: { header?: object; claims?: object }, reason: string])[] = [
	["no issuer", { claims: { iss: undefined } }, "credential-unknown"],
	["another issuer", { claims: { iss: "https://evil.example" } }, "credential-unknown"],
	["the issuer in another letter case", { claims: { iss: "HTTP://127.0.0.1/realm" } }, "credential-unknown"],
	["an issuer that is a list", { claims: { iss: ["x"] } }, "credential-unknown"],
	["no audience", { claims: { aud: undefined } }, "credential-misdirected"],
	["an empty list of audiences", { claims: { aud: [] } }, "credential-misdirected"],
	["another audience", { claims: { aud: "https://gpu.example.org.evil.example" } }, "credential-misdirected"],
	["an audience that begins like ours", { claims: { aud: "https://gpu.example.org/" } }, "credential-misdirected"],
	["ours among audiences of which one is no text", { claims: { aud: [AUDIENCE, 1] } }, "credential-misdirected"],
	["an audience that is an object", { claims: { aud: { [AUDIENCE]: true } } }, "credential-misdirected"],
	["no expiry", { claims: { exp: undefined } }, "credential-wrong"],
	["an expiry in words", { claims: { exp: "9999999999" } }, "credential-wrong"],
	["an expiry in milliseconds", { claims: { exp: Date.now() } }, "credential-wrong"],
	["an expiry below zero", { claims: { exp: -1 } }, "credential-wrong"],
	["an expiry long past", { claims: { exp: SECONDS - 3600 } }, "credential-expired"],
	["an expiry just beyond the skew", { claims: { exp: SECONDS - 31 } }, "credential-expired"],
	["a beginning that lies ahead", { claims: { nbf: SECONDS + 120 } }, "credential-stale"],
	["a beginning in words", { claims: { nbf: "0" } }, "credential-wrong"],
	["a time of issue that lies ahead", { claims: { iat: SECONDS + 120 } }, "credential-stale"],
	["a time of issue that is null", { claims: { iat: null } }, "credential-wrong"],
	["no subject", { claims: { sub: undefined } }, "credential-misdirected"],
	["an empty subject", { claims: { sub: "" } }, "credential-misdirected"],
	["a subject that is a number", { claims: { sub: 7 } }, "credential-misdirected"],
	["a subject of a kilobyte", { claims: { sub: "a".repeat(1024) } }, "credential-misdirected"],
	["no type", { header: { typ: undefined } }, "credential-misdirected"],
	["the type of an ID token", { header: { typ: "JWT" } }, "credential-misdirected"],
	["the type of a logout token", { header: { typ: "logout+jwt" } }, "credential-misdirected"],
	["the type of a DPoP proof", { header: { typ: "dpop+jwt" } }, "credential-misdirected"],
	["a critical extension", { header: { crit: ["exp"], exp: 1 } }, "credential-wrong"],
	["critical extensions, none", { header: { crit: [] } }, "credential-wrong"],
	["an unencoded payload", { header: { b64: false, crit: ["b64"] } }, "credential-wrong"],
	["b64 that changes nothing", { header: { b64: true } }, "credential-wrong"],
	["compression", { header: { zip: "DEF" } }, "credential-wrong"],
	["an algorithm that is a list", { header: { alg: ["ES256"] } }, "credential-wrong"],
	["no algorithm", { header: { alg: undefined } }, "credential-wrong"],
	["a kid that is an object", { header: { kid: {} } }, "credential-wrong"],
	["a kid of 64 KiB in a token that is longer than any", { header: { kid: "k".repeat(65_536) } }, "credential-malformed"],
	["a kid of a kilobyte", { header: { kid: "k".repeat(1024) } }, "credential-wrong"],
	["a kid that is a path", { header: { kid: "../../../../dev/null" } }, "credential-unknown"],
	["a kid that is SQL", { header: { kid: "x' UNION SELECT 'secret" } }, "credential-unknown"],
	["a kid that every object has", { header: { kid: "__proto__" } }, "credential-unknown"],
	["a kid that every object has, again", { header: { kid: "constructor" } }, "credential-unknown"],
	["an empty kid", { header: { kid: "" } }, "credential-unknown"],
	["a binding to a DPoP key", { claims: { cnf: { jkt: "x" } } }, "credential-incomplete"],
	["a binding to nothing", { claims: { cnf: {} } }, "credential-incomplete"],
	["a binding to two things", { claims: { cnf: { jkt: "x", "x5t#S256": base64url(Buffer.alloc(32)) } } }, "credential-incomplete"],
	["a binding to half a certificate", { claims: { cnf: { "x5t#S256": base64url(Buffer.alloc(16)) } } }, "credential-incomplete"],
	["a binding that is null", { claims: { cnf: null } }, "credential-incomplete"],
	["no group", { claims: { groups: undefined } }, "token-unmapped"],
	["a group that no rule names", { claims: { groups: ["others"] } }, "token-unmapped"],
	["a group that only holds what a rule names", { claims: { groups: ["not-gpu-users"] } }, "token-unmapped"],
	["groups that are an object", { claims: { groups: { "gpu-users": true } } }, "token-unmapped"],
];

test("what the provider signed, and a resource server must not take", async (context) => {
	const { provider, outcome } = await startWorld(context);
	assert.equal(await outcome(provider.token()), "user");
	for (const [what, lie, reason] of SIGNED_LIES) {
		// Each from a network of its own, so that none is turned away for what another did.
		const peer = `198.51.100.${SIGNED_LIES.findIndex(([other]) => other === what)}`;
		await context.test(`${what}: ${reason}`, async () => assert.equal(await outcome(provider.token(lie as object), peer), reason));
	}
});

test("what the provider did not sign", async (context) => {
	const { provider, outcome } = await startWorld(context);
	const rsa = makeKey("rsa", "RS256");
	provider.keys = [...provider.keys, rsa];
	const [own = rsa] = provider.keys;
	const stranger = makeKey("k1");
	const payload = JSON.stringify(provider.claims());
	const header = (more: object) => JSON.stringify({ typ: "at+jwt", alg: "ES256", kid: "k1", ...more });
	const withMac = (secret: string | Buffer, alg = "HS256") => {
		const input = `${base64url(header({ alg, kid: "rsa" }))}.${base64url(payload)}`;
		return `${input}.${hmacOf(secret, input)}`;
	};
	const pem = rsa.publicKey.export({ format: "pem", type: "spki" }).toString();
	const strangerJwk = stranger.publicKey.export({ format: "jwk" });
	const good = provider.token();
	const [first = "", second = "", third = ""] = good.split(".");
	const unsigned = (alg: string) => `${base64url(header({ alg }))}.${base64url(payload)}.${third}`;
	const raw = (head: string, body: string) => signedBy(own, head, body);
	const lies: readonly (readonly [what: string, token: string, reason: string])[] = [
		["alg none with a signature", unsigned("none"), "credential-wrong"],
		["alg none", `${base64url(header({ alg: "none" }))}.${base64url(payload)}.`, "credential-malformed"],
		...["None", "NONE", "nOnE"].map((alg) => [`alg ${alg}`, unsigned(alg), "credential-wrong"] as const),
		["an HMAC under the RSA key as PEM", withMac(pem), "credential-wrong"],
		["an HMAC under the RSA key as PEM, trimmed", withMac(pem.trim()), "credential-wrong"],
		["an HMAC under the RSA key as DER", withMac(rsa.publicKey.export({ format: "der", type: "spki" })), "credential-wrong"],
		["an HMAC under nothing", withMac(""), "credential-wrong"],
		["an HMAC that calls itself RS256", withMac(pem, "RS256"), "credential-wrong"],
		["a stranger's key of the same name", signedBy(stranger, header({}), payload), "credential-wrong"],
		["a stranger's key in the header", signedBy(stranger, header({ jwk: { ...strangerJwk, kid: "k1" } }), payload), "credential-wrong"],
		[
			"a stranger's keys by URL",
			signedBy(stranger, header({ jku: `${provider.issuer}/evil`, kid: "evil" }), payload),
			"credential-unknown",
		],
		["a stranger's certificate by URL", signedBy(stranger, header({ x5u: `${provider.issuer}/evil` }), payload), "credential-wrong"],
		["a stranger's certificate", signedBy(stranger, header({ x5c: ["MIIB"] }), payload), "credential-wrong"],
		["a stranger's key, unnamed", signedBy(stranger, header({ kid: undefined }), payload), "credential-wrong"],
		["the right key under another algorithm", signedBy(own, header({ alg: "RS256" }), payload), "credential-unknown"],
		["no signature", `${first}.${second}.`, "credential-malformed"],
		["a null signature", `${first}.${second}.${base64url(Buffer.alloc(64))}`, "credential-wrong"],
		["half a signature", `${first}.${second}.${third.slice(0, 44)}`, "credential-wrong"],
		[
			"the signature of another token",
			`${first}.${base64url(JSON.stringify(provider.claims({ sub: "root" })))}.${third}`,
			"credential-wrong",
		],
		["two parts", `${first}.${second}`, "credential-malformed"],
		["four parts", `${good}.${third}`, "credential-malformed"],
		[
			"five parts, as an encrypted token",
			`${base64url('{"alg":"dir","enc":"A256GCM"}')}.${second}.${third}.${third}.${third}`,
			"credential-malformed",
		],
		["padding", `${first}=.${second}.${third}`, "credential-malformed"],
		["a signature with stray bits", `${first}.${second}.${third.slice(0, -1)}${third.endsWith("A") ? "B" : "h"}`, "credential-malformed"],
		["a header that is a list", raw('[{"alg":"ES256"}]'.replace("[", '{"'), payload), "credential-malformed"],
		["a header that names alg twice", raw('{"alg":"ES256","alg":"none","typ":"at+jwt","kid":"k1"}', payload), "credential-malformed"],
		["claims that name iss twice", raw(header({}), payload.replace("{", '{"iss":"x",')), "credential-malformed"],
		["claims that name aud twice, once escaped", raw(header({}), payload.replace("{", '{"\\u0061ud":"x",')), "credential-malformed"],
		["claims that are no JSON", raw(header({}), "nothing"), "credential-malformed"],
		[
			"claims in Latin-1",
			`${base64url(header({}))}.${Buffer.from('{"iss":"\u00fc"}', "latin1").toString("base64url")}.${third}`,
			"credential-malformed",
		],
		["claims nested without end", raw(header({}), `{"a":${"[".repeat(500)}${"]".repeat(500)}}`), "credential-malformed"],
		["17 KiB", provider.token({ claims: { pad: "x".repeat(17_000) } }), "credential-malformed"],
	];
	assert.equal(await outcome(good), "user");
	for (const [index, [what, token, reason]] of lies.entries()) {
		await context.test(`${what}: ${reason}`, async () => assert.equal(await outcome(token, `198.51.100.${index}`), reason));
	}
	assert.deepEqual(
		provider.asked.filter((path) => path.includes("evil")),
		[],
		"no address out of a token is ever asked",
	);
});

test("an ID token is told by what it holds where typ cannot tell it", async (context) => {
	const { provider, outcome } = await startWorld(context, { types: ["at+jwt", "jwt"] });
	const jwt = (claims: object) => provider.token({ header: { typ: "JWT" }, claims: claims as Record<string, unknown> });
	assert.equal(await outcome(jwt({})), "user");
	for (const claims of [
		{ nonce: "n" },
		{ at_hash: "h" },
		{ c_hash: "h" },
		{ s_hash: "h" },
		{ events: {} },
		{ typ: "ID" },
		{ typ: "Refresh" },
		{ token_use: "id" },
	])
		assert.equal(await outcome(jwt(claims)), "credential-misdirected", JSON.stringify(claims));
	assert.equal(await outcome(jwt({ typ: "Bearer" })), "user");
	assert.equal(await outcome(provider.token({ header: { typ: "application/AT+JWT" }, claims: { nonce: "n" } })), "user");
});

test("only clients that are named, whichever name the provider has for them, and both where there are two", async (context) => {
	const { provider, outcome } = await startWorld(context, { clients: ["cli"] });
	const by = (claims: Record<string, unknown>) => outcome(provider.token({ claims: { client_id: undefined, ...claims } }));
	assert.equal(await by({}), "credential-misdirected");
	assert.equal(await by({ azp: "other" }), "credential-misdirected");
	assert.equal(await by({ azp: "cli", client_id: "other" }), "credential-misdirected");
	assert.equal(await by({ azp: ["cli"] }), "credential-misdirected");
	assert.equal(await by({ azp: "cli" }), "user");
	assert.equal(await by({ client_id: "cli", azp: "cli" }), "user");
	assert.equal(await by({ appid: "cli" }), "user");
});

test("every kind of key verifies its own signatures; a key that may not sign, or that is everyone's, verifies none", async (context) => {
	const { provider, outcome } = await startWorld(context);
	const keys: Key[] = [makeKey("e"), makeKey("r", "RS256"), makeKey("p", "PS256"), makeKey("d", "EdDSA")];
	provider.keys = keys;
	for (const key of keys) assert.equal(await outcome(provider.token({ key })), "user", key.alg);
	const [own] = keys;
	const published = own?.privateKey.export({ format: "jwk" });
	const bad = [
		{ ...published, kid: "e" },
		{ ...published, d: undefined, kid: "e", use: "enc" },
		{ ...published, d: undefined, kid: "e", key_ops: ["sign"] },
		{ ...published, d: undefined, kid: "e", alg: "ES384" },
		{ kty: "oct", kid: "e", k: "AAAA" },
	];
	for (const [index, jwk] of bad.entries()) {
		const other = await startWorld(context);
		other.provider.lies.set("/jwks", { body: { keys: [...other.provider.jwks().keys, jwk] } });
		const token = other.provider.token({ key: own });
		assert.equal(await other.outcome(token), "credential-unknown", String(index));
	}
});

test("a token that names no key is good only if one alone can be meant", async (context) => {
	const { provider, outcome } = await startWorld(context);
	const unnamed = provider.token({ header: { kid: undefined } });
	assert.equal(await outcome(unnamed), "user");
	const other = await startWorld(context);
	other.provider.keys = [makeKey("a"), makeKey("b")];
	assert.equal(await other.outcome(other.provider.token({ header: { kid: undefined } })), "credential-wrong");
});

test("whatever is changed about a token, it is refused", async (context) => {
	const { provider, desk } = await startWorld(context);
	const good = provider.token();
	assert.ok("principal" in (await desk.verify(good, "192.0.2.1")));
	let network = 0;
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
	await fc.assert(
		fc.asyncProperty(
			fc.nat(good.length - 1),
			fc.constantFrom(...alphabet.split("")),
			fc.constantFrom("put", "insert", "delete"),
			async (at, letter, how) => {
				const rest = good.slice(how === "insert" ? at : at + 1);
				const changed = good.slice(0, at) + (how === "delete" ? "" : letter) + rest;
				if (changed === good) return;
				network += 1;
				const verdict = await desk.verify(changed, `203.0.${network >> 8}.${network & 255}`);
				assert.ok("refused" in verdict, changed);
			},
		),
		{ numRuns: 300 },
	);
});

test("the second time costs no check: it is known at once, by the same principal, until it expires", async (context) => {
	const { provider, desk, clock } = await startWorld(context);
	const token = provider.token({ claims: { exp: SECONDS + 60 } });
	const first = await desk.verify(token, "192.0.2.1");
	const again = desk.verify(token, "198.51.100.7");
	assert.equal(again, first);
	assert.equal(desk.remembered, 1);
	clock.now += 60_000 + 31_000;
	const late = await desk.verify(token, "192.0.2.1");
	assert.equal("refused" in late && late.refused, "credential-expired");
	assert.equal(desk.remembered, 0);
});

test("a principal is his issuer and subject: names and groups follow the token, another's subject is another's", async (context) => {
	const { provider, verify } = await startWorld(context);
	const who = async (claims: Record<string, unknown>) => {
		const verdict = await verify(provider.token({ claims }));
		assert.ok("principal" in verdict);
		return verdict.principal;
	};
	const ada = await who({ preferred_username: "Ada", groups: ["gpu-users", "b", "a", "a", "bad\u0000group"] });
	assert.deepEqual([ada.kind, ada.name, ada.groups, ada.role, ada.models], ["access-token", "Ada", ["a", "b", "gpu-users"], "user", null]);
	assert.equal(await who({ preferred_username: "Ada", groups: ["gpu-users", "a", "b"], jti: "2" }), ada);
	const renamed = await who({ preferred_username: "Countess" });
	assert.equal(renamed.id, ada.id);
	assert.notEqual((await who({ sub: "bob", preferred_username: "Ada" })).id, ada.id);
	assert.equal((await who({ sub: "carol", preferred_username: "line\nfeed" })).name, "carol");
	assert.match(ada.id, /^tok_[0-9a-f]{20}$/);
});

test("the first rule that fits decides, models included", async (context) => {
	const { provider, verify } = await startWorld(context, {
		groups: null,
		rules: [
			{ claim: "realm_access.roles", values: ["ops"], role: "operator", models: null },
			{ claim: "https://example.org/tier", values: ["gold"], role: "user", models: ["big:*"] },
			{ claim: "resource_access.my\\.app.roles", values: ["use"], role: "user", models: ["small:*"] },
			{ claim: "scope", values: ["gpu"], role: "reader", models: null },
		],
	});
	const of = async (claims: Record<string, unknown>) => {
		const verdict = await verify(provider.token({ claims }));
		return "refused" in verdict ? verdict.refused : `${verdict.principal.role} ${verdict.principal.models?.join() ?? "all"}`;
	};
	assert.equal(await of({ realm_access: { roles: ["x", "ops"] }, scope: "gpu" }), "operator all");
	assert.equal(await of({ "https://example.org/tier": "gold" }), "user big:*");
	assert.equal(await of({ resource_access: { "my.app": { roles: ["use"] } } }), "user small:*");
	assert.equal(await of({ scope: "openid gpu" }), "reader all");
	assert.equal(await of({ scope: "openid gpux" }), "token-unmapped");
	assert.equal(await of({ "realm_access.roles": ["ops"] }), "token-unmapped");
	assert.equal(await of({ realm_access: ["ops"] }), "token-unmapped");
});

test("an address of mail counts only where the issuer has verified it", async (context) => {
	const { provider, outcome } = await startWorld(context, {
		rules: [{ claim: "email", values: ["*@example.org"], role: "user", models: null }],
	});
	const of = (claims: Record<string, unknown>) => outcome(provider.token({ claims: { email: "ada@example.org", ...claims } }));
	assert.equal(await of({}), "token-unmapped");
	assert.equal(await of({ email_verified: false }), "token-unmapped");
	assert.equal(await of({ email_verified: "false" }), "token-unmapped");
	assert.equal(await of({ email_verified: "true" }), "token-unmapped");
	assert.equal(await of({ email_verified: true }), "user");
	assert.equal(await of({ email_verified: true, email: "ada@example.org.evil.example" }), "token-unmapped");
	assert.equal(await of({ email_verified: true, email: "ada@evil.example@example.org" }), "token-unmapped");
});

test("a key that is withdrawn takes what it signed with it, remembered or not", async (context) => {
	const { provider, outcome } = await startWorld(context);
	const old = provider.token();
	assert.equal(await outcome(old), "user");
	provider.keys = [makeKey("k2")];
	assert.equal(await outcome(provider.token()), "user");
	assert.equal(await outcome(old), "credential-unknown");
});

test("a token that was taken back keeps nobody in, whatever else is good of his", async (context) => {
	const { provider, use, outcome, clock } = await startWorld(context, { introspection: INTROSPECTION });
	provider.opaque.set("opaque", provider.claims({ groups: ["gpu-admins"] }));
	assert.equal(await outcome("opaque"), "user");
	assert.equal(await outcome(provider.token()), "user");
	clock.now += 61_000;
	provider.opaque.clear();
	assert.equal(await outcome("opaque"), "credential-unknown");
	const rules = [{ claim: "groups", values: ["gpu-admins"], role: "user", models: null }];
	assert.equal(use({ introspection: INTROSPECTION, rules }).length, 1);
});

test("where nothing is to be remembered every request is checked, and whoever loses access is told of all the same", async (context) => {
	const { provider, desk, use, outcome } = await startWorld(context, { rememberMs: 0 });
	const token = provider.token();
	assert.equal(await outcome(token), "user");
	const again = desk.verify(token, "192.0.2.1");
	assert.ok(again instanceof Promise);
	assert.ok("principal" in (await again));
	assert.equal(use({ rememberMs: 0, rules: [{ claim: "groups", values: ["others"], role: "user", models: null }] }).length, 1);
});

test("a bound token says to which certificate", async (context) => {
	const { provider, verify } = await startWorld(context);
	const thumbprint = createHash("sha256").update("certificate").digest();
	const verdict = await verify(provider.token({ claims: { cnf: { "x5t#S256": thumbprint.toString("base64url") } } }));
	assert.equal("certificate" in verdict && verdict.certificate, thumbprint.toString("hex"));
});

test("settings that change are applied to whoever is remembered, at once; whoever loses access is told of", async (context) => {
	const { provider, desk, use, outcome } = await startWorld(context);
	const [ada, bob] = [provider.token(), provider.token({ claims: { sub: "bob", groups: ["gpu-admins"] } })];
	assert.deepEqual([await outcome(ada), await outcome(bob)], ["user", "user"]);
	const before = provider.asked.length;
	assert.deepEqual(use({ rules: [{ claim: "groups", values: ["gpu-admins"], role: "operator", models: null }, ...RULES] }), []);
	assert.deepEqual([await outcome(ada), await outcome(bob)], ["user", "operator"]);
	const lost = use({ rules: [{ claim: "groups", values: ["gpu-admins"], role: "operator", models: null }] });
	assert.equal(lost.length, 1);
	assert.deepEqual([await outcome(ada), await outcome(bob)], ["token-unmapped", "operator"]);
	assert.equal(use({ audiences: ["another"] }).length, 1);
	assert.equal(await outcome(bob), "credential-misdirected");
	assert.equal(provider.asked.length, before);
	use({});
	await outcome(ada);
	assert.equal(desk.use([]).length, 1);
	assert.equal(desk.takes(ada), false);
	assert.equal(desk.remembered, 0);
});

test("a type that is no longer accepted is refused although it was remembered", async (context) => {
	const { provider, use, outcome } = await startWorld(context, { types: ["at+jwt", "jwt"] });
	const token = provider.token({ header: { typ: "JWT" } });
	assert.equal(await outcome(token), "user");
	assert.deepEqual(use({ types: ["at+jwt"] }), []);
	assert.equal(await outcome(token), "credential-misdirected");
});

test("an opaque token is what the provider says of it, asked once and with our own credentials", async (context) => {
	const { provider, desk, outcome, clock } = await startWorld(context, { introspection: INTROSPECTION });
	const claims = provider.claims();
	provider.opaque.set("opaque-1", claims);
	provider.opaque.set("expired", { ...claims, exp: SECONDS - 100 });
	provider.opaque.set("for-others", { ...claims, aud: "others" });
	provider.opaque.set("for-nobody", { ...claims, aud: undefined });
	provider.opaque.set("of-others", { ...claims, iss: "https://evil.example" });
	provider.opaque.set("id-token", { ...claims, nonce: "n" });
	provider.opaque.set("machine", { ...claims, iss: undefined, sub: undefined, exp: undefined });
	const outcomes = await Promise.all(
		["opaque-1", "opaque-1", "expired", "for-others", "for-nobody", "of-others", "id-token", "machine"].map((token) => outcome(token)),
	);
	assert.deepEqual(outcomes, [
		"user",
		"user",
		"credential-expired",
		"credential-misdirected",
		"credential-misdirected",
		"credential-misdirected",
		"credential-misdirected",
		"user",
	]);
	assert.equal(provider.introspected.length, 7);
	const [first = ""] = provider.introspected;
	assert.equal(Buffer.from(first.split(" ")[1] ?? "", "base64").toString(), "rempart:s%3Ae+c");
	assert.ok(!(desk.verify("opaque-1", "192.0.2.1") instanceof Promise));
	clock.now += 61_000;
	provider.opaque.delete("opaque-1");
	assert.equal(await outcome("opaque-1"), "credential-unknown");
	assert.equal(await outcome("opaque-1"), "credential-unknown");
	assert.equal(provider.introspected.length, 8);
});

test("a client that speaks for itself is nobody else, also where somebody is called like it", async (context) => {
	const { provider, verify } = await startWorld(context, { introspection: INTROSPECTION });
	provider.opaque.set("machine", { ...provider.claims(), sub: undefined, client_id: "ada" });
	provider.opaque.set("person", { ...provider.claims(), sub: "ada", client_id: "ada" });
	const [machine, person] = [await verify("machine"), await verify("person")];
	assert.ok("principal" in machine && "principal" in person);
	assert.notEqual(machine.principal.id, person.principal.id);
});

test("what is ours, or can be read, is never asked about", async (context) => {
	const { provider, desk, outcome } = await startWorld(context, { introspection: INTROSPECTION });
	assert.equal(desk.takes("rmp_live_abcdefgh_xyz"), false);
	assert.equal(
		await outcome(signedBy(makeKey("x"), '{"alg":"ES256","typ":"at+jwt"}', JSON.stringify(provider.claims()))),
		"credential-wrong",
	);
	assert.deepEqual(provider.introspected, []);
});

for (const [what, answer] of [
	["says that active is a text", { body: { active: "true" } }],
	["says nothing of active", { body: {} }],
	["says active twice", { body: '{"active":false,"active":true}' }],
	["answers no JSON", { body: "yes" }],
	["does not know us", { status: 401, body: {} }],
	["is broken", { status: 500, body: {} }],
	["sends us elsewhere", { status: 302, body: {}, fields: { location: "/realm/elsewhere" } }],
	["answers without end", { body: { active: true, pad: "x".repeat(100_000) } }],
] as const) {
	test(`an introspection that ${what} is a fault, never a permit`, async (context) => {
		const { provider, verify } = await startWorld(context, { introspection: INTROSPECTION });
		provider.lies.set("/introspect", answer);
		await assert.rejects(verify("opaque"), (error) => error instanceof Fault && error.code === "identity-provider-unavailable");
		assert.ok(!provider.asked.includes("/elsewhere"));
	});
}

test("tokens that do not hold are counted by network: beyond that nothing is asked, and others are not concerned", async (context) => {
	const { provider, outcome } = await startWorld(context, { introspection: INTROSPECTION });
	provider.opaque.set("good", provider.claims());
	const outcomes: string[] = [];
	for (let guess = 0; guess < 30; guess++) outcomes.push(await outcome(`guess-${guess}`, "203.0.113.9"));
	assert.equal(provider.introspected.length, 20);
	assert.deepEqual(outcomes.slice(19, 22), ["credential-unknown", "token-checks-full", "token-checks-full"]);
	assert.equal(await outcome("good", "203.0.113.9"), "token-checks-full");
	assert.equal(await outcome("good", "192.0.2.1"), "user");
	assert.equal(await outcome("good", "203.0.113.9"), "user");
});

test("one network that holds up checks keeps neither another network's tokens nor those that are remembered", async (context) => {
	const { provider, desk, outcome } = await startWorld(context);
	const good = provider.token();
	assert.equal(await outcome(good, "192.0.2.1"), "user");
	let release: () => void = () => undefined;
	provider.lies.set("/jwks", (_, response) => {
		release = () => {
			provider.lies.delete("/jwks");
			response.end(JSON.stringify(provider.jwks()));
		};
	});
	const made = Array.from({ length: 40 }, (_, index) => provider.token({ header: { kid: `made-up-${index}` } }));
	const held = made.map((token) => outcome(token, "203.0.113.9"));
	const turnedAway = await Promise.all(held.slice(32));
	assert.deepEqual(new Set(turnedAway), new Set(["token-checks-full"]));
	assert.equal(desk.waiting, 32);
	assert.equal(await outcome(provider.token({ claims: { jti: "2" } }), "198.51.100.1"), "user");
	assert.ok(!(desk.verify(good, "203.0.113.9") instanceof Promise));
	release();
	assert.deepEqual(new Set(await Promise.all(held.slice(0, 32))), new Set(["credential-unknown"]));
	assert.equal(desk.waiting, 0);
});

test("many networks together that hold up checks keep nobody's tokens out from where one held before", async (context) => {
	const { provider, desk, outcome } = await startWorld(context);
	assert.equal(await outcome(provider.token(), "192.0.2.1"), "user");
	let release: () => void = () => undefined;
	provider.lies.set("/jwks", (_, response) => {
		release = () => {
			provider.lies.delete("/jwks");
			response.end(JSON.stringify(provider.jwks()));
		};
	});
	const made = Array.from({ length: 40 * 30 }, (_, index) =>
		outcome(provider.token({ header: { kid: `made-up-${index}` } }), `203.0.113.${index % 40}`),
	);
	const full = await outcome(provider.token({ claims: { jti: "2" } }), "198.51.100.1");
	assert.deepEqual([full, desk.waiting], ["token-checks-full", 512]);
	assert.equal(await outcome(provider.token({ claims: { jti: "3" } }), "192.0.2.1"), "user");
	release();
	await Promise.all(made);
});

test("what is being checked while its issuer is configured anew is a fault, and is checked anew; where nothing changed it goes on", async (context) => {
	const { provider, use, verify, outcome } = await startWorld(context);
	const token = provider.token();
	const going = verify(token);
	use({});
	assert.ok("principal" in (await going));
	const other = provider.token({ claims: { jti: "2" } });
	const interrupted = verify(other);
	use({ clockSkewMs: 60_000 });
	await assert.rejects(interrupted, (error) => error instanceof Fault && error.code === "identity-provider-unavailable");
	assert.equal(await outcome(other), "user");
});

test("no algorithm but an allowed one gets as far as a key", () => {
	const spec = specOf("https://sso.example.org");
	for (const alg of [
		"none",
		"NONE",
		"HS256",
		"HS512",
		"RS1",
		"ES256K",
		"es256",
		"RSA-OAEP",
		"dir",
		"",
		"__proto__",
		null,
		undefined,
		["RS256"],
	]) {
		const judged = judgeHeader({ alg, typ: "at+jwt", kid: "k" }, spec);
		assert.match(judged?.detail ?? "", /^algorithm .* which is not allowed$/, String(alg));
	}
	for (const alg of spec.algorithms) assert.equal(judgeHeader({ alg, typ: "at+jwt", kid: "k" }, spec), null);
});
