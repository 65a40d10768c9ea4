/** A provider that is down, or lies: whatever it says, nobody is signed in by it, and it is told apart from what a person did. */
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync } from "node:crypto";
import { after, before, test } from "node:test";

import { type Answer, CLIENT, type Lies, type LyingProvider, signedToken, startLyingProvider } from "../../test/support/lying-provider.ts";
import { askProvider } from "../http/provider-fetch.ts";
import type { Event } from "../model/event.ts";
import { Secret } from "../std/secret.ts";
import type { AskProvider } from "./identity-provider.ts";
import { SignInDesk, type SignInSettings } from "./sign-in-desk.ts";
import { SignInProblem, type SignInProblemCode } from "./sign-in-problem.ts";

const PUBLIC = "http://127.0.0.1:11436";
const CLIENT_SECRET = "of the client";
const text = (status: number, body: string, type = "application/json"): Answer => ({ status, body, type });
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const seconds = (offset: number): number => Math.floor(Date.now() / 1000) + offset;

let provider: LyingProvider;
before(async () => {
	provider = await startLyingProvider();
});
after(() => provider.close());

/** Everything right but the signature, which is of other bytes. */
const broken: Lies = {
	idToken: (claims) =>
		Promise.resolve(`${encoded({ alg: "ES256", kid: "k1" })}.${encoded(claims)}.${Buffer.alloc(64, 7).toString("base64url")}`),
};

const LIES: readonly (readonly [what: string, lies: Lies, code: SignInProblemCode, said?: RegExp])[] = [
	["discovery of another issuer", { discovery: (honest) => ({ ...honest, issuer: "http://127.0.0.1:1" }) }, "provider-untrustworthy"],
	["discovery without an issuer", { discovery: (honest) => ({ ...honest, issuer: undefined }) }, "provider-untrustworthy"],
	["discovery that is no JSON", { discovery: () => text(200, "<html>") }, "provider-untrustworthy"],
	["discovery of the wrong type", { discovery: () => text(200, "{}", "text/html") }, "provider-untrustworthy"],
	["discovery without end", { discovery: () => text(200, `{"a":"${"x".repeat(600_000)}"}`) }, "provider-unavailable", /bytes/],
	["discovery that leads elsewhere", { discovery: () => ({ ...text(302, ""), location: "http://127.0.0.1:1/" }) }, "provider-unavailable"],
	["discovery that fails", { discovery: () => text(500, "") }, "provider-unavailable"],
	["discovery that breaks off", { discovery: () => ({ ...text(200, "{"), breaksOff: true }) }, "provider-unavailable"],
	...["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"].flatMap((name) =>
		["http://192.0.2.1/", "javascript:alert(1)", "https://a:b@id.example.org/"].map((url) => endpoint(name, url)),
	),
	["no algorithm but a shared secret", algorithms(["HS256"]), "provider-untrustworthy", /HS256/],
	["no algorithm but none", algorithms(["none"]), "provider-untrustworthy", /none/],
	["no ID token", { token: (honest) => ({ ...honest, id_token: undefined }) }, "provider-untrustworthy"],
	["a token of another type", { token: (honest) => ({ ...honest, token_type: 1 }) }, "provider-untrustworthy"],
	["a token endpoint that fails", { token: () => text(503, "") }, "provider-unavailable"],
	["a token endpoint that breaks off", { token: () => ({ ...text(200, '{"access'), breaksOff: true }) }, "provider-unavailable"],
	[
		"a token endpoint that says no to the code",
		{ token: () => text(400, '{"error":"invalid_grant"}') },
		"provider-untrustworthy",
		/invalid_grant/,
	],
	["no claims", { idToken: () => Promise.resolve("not.a.token") }, "provider-untrustworthy"],
	["another issuer", claim({ iss: "http://127.0.0.1:1" }), "provider-untrustworthy", /"iss"/],
	["no issuer", claim({ iss: undefined }), "provider-untrustworthy", /"iss"/],
	["another audience", claim({ aud: "somebody-else" }), "provider-untrustworthy", /"aud"/],
	["no audience", claim({ aud: undefined }), "provider-untrustworthy", /"aud"/],
	["a second audience, without saying for whom", claim({ aud: [CLIENT, "somebody-else"] }), "provider-untrustworthy", /"aud"/],
	["a second audience, for which it is", claim({ aud: [CLIENT, "somebody-else"], azp: "somebody-else" }), "provider-untrustworthy", /azp/],
	["no expiry", claim({ exp: undefined }), "provider-untrustworthy", /"exp"/],
	["an expiry that is over", claim({ exp: seconds(-120) }), "provider-untrustworthy", /"exp"/],
	["an expiry that is a text", claim({ exp: String(seconds(300)) }), "provider-untrustworthy", /"exp"/],
	["no time of issue", claim({ iat: undefined }), "provider-untrustworthy", /"iat"/],
	["a time that has not come", claim({ nbf: seconds(600) }), "provider-untrustworthy", /"nbf"/],
	["no subject", claim({ sub: undefined }), "provider-untrustworthy", /"sub"/],
	["no nonce", claim({ nonce: undefined }), "provider-untrustworthy", /"nonce"/],
	["the nonce of another sign-in", claim({ nonce: "of-another" }), "provider-untrustworthy", /"nonce"/],
	...["none", "NONE", "nOnE"].map((alg) => [`no signature (${alg})`, unsigned(alg), "provider-untrustworthy"] as const),
	["a signature with the client's secret", hmac(CLIENT_SECRET), "provider-untrustworthy"],
	["a signature with the public key as a secret", hmac(null), "provider-untrustworthy"],
	["a key that the token brings along", ownKey(), "provider-untrustworthy"],
	["a signature of other claims", broken, "provider-untrustworthy"],
	["a key that nobody has published", header({ kid: "k2" }), "provider-untrustworthy"],
	["a critical header that nobody knows", header({ crit: ["exp"], exp: 1 }), "provider-untrustworthy"],
	[
		"an encrypted token",
		{ idToken: () => Promise.resolve(`${encoded({ alg: "RSA-OAEP", enc: "A256GCM" })}.a.b.c.d`) },
		"provider-untrustworthy",
	],
	["a token of twenty kilobytes", claim({ picture: "x".repeat(20_000) }), "provider-untrustworthy", /too long/],
	["keys that are none", { jwks: { keys: "none" } }, "provider-untrustworthy"],
	["keys that cannot be had", { jwks: text(500, "") }, "provider-unavailable"],
	["userinfo of somebody else", { userInfo: { sub: "u-2", groups: ["staff"] } }, "provider-untrustworthy"],
	["userinfo of nobody", { userInfo: { groups: ["staff"] } }, "provider-untrustworthy"],
];

for (const [what, lies, code, said] of LIES) {
	test(`nobody is signed in by ${what}`, async () => {
		const { desk, events } = deskOf();
		await assert.rejects(signInAt(desk, lies), (error) => {
			assert.ok(error instanceof SignInProblem, String(error));
			assert.equal(error.code, code, error.message);
			if (said !== undefined) assert.match(error.message, said);
			return true;
		});
		assert.deepEqual(desk.sessions.all(), []);
		assert.ok(!events.some(({ type }) => type === "person-signed-in"));
	});
}

test("an honest provider signs in, also with a second audience that says that it is for us", async () => {
	for (const lies of [{}, claim({ aud: [CLIENT, "somebody-else"], azp: CLIENT }), algorithms(["RS256", "ES256"])]) {
		const { desk, events } = deskOf();
		const { session } = await signInAt(desk, lies);
		assert.deepEqual([session.person.name, session.person.role], ["ada", "viewer"]);
		assert.equal(events.filter(({ type }) => type === "person-signed-in").length, 1);
	}
});

test("a provider that is gone is said so, and asked again at the next attempt", async () => {
	const gone = await startLyingProvider();
	gone.close();
	const { desk } = deskOf({ issuer: gone.issuer });
	for (let attempt = 0; attempt < 2; attempt++) {
		await assert.rejects(desk.begin("/"), (error) => error instanceof SignInProblem && error.code === "provider-unavailable");
	}
	const before = provider.asked.get("/.well-known/openid-configuration") ?? 0;
	const { desk: other } = deskOf();
	provider.lies = { discovery: () => text(500, "") };
	await assert.rejects(other.begin("/"));
	provider.lies = {};
	await other.begin("/");
	await other.begin("/");
	assert.equal(provider.asked.get("/.well-known/openid-configuration"), before + 2, "what is known is not asked for again");
});

test("a mail address counts only together with the word that it is verified, of the same document", async () => {
	const rules = [{ claim: "email", matches: "*@example.org", role: "admin" }] as const;
	const email = "ada@example.org";
	for (const [what, lies] of [
		["not verified", claim({ email })],
		["verified in words", claim({ email, email_verified: "true" })],
		["not verified in the token, but in userinfo", { ...claim({ email }), userInfo: { sub: "u-1", email: "x@y", email_verified: true } }],
		["two of them", claim({ email: "a@example.org@evil.example", email_verified: true })],
		["another one before it", claim({ email: "a@evil.example@example.org", email_verified: true })],
	] as const) {
		const { desk } = deskOf({ rules });
		await assert.rejects(signInAt(desk, lies), (error) => error instanceof SignInProblem && error.code === "person-not-admitted", what);
	}
	const { desk } = deskOf({ rules });
	assert.equal((await signInAt(desk, claim({ email, email_verified: true }))).session.person.role, "admin");
});

test("a sign-in that cannot be recorded does not happen", async () => {
	const { desk } = deskOf({ recording: false });
	await assert.rejects(signInAt(desk, {}), (error) => error instanceof SignInProblem && error.code === "sign-in-not-recorded");
	assert.deepEqual(desk.sessions.all(), []);
});

test("whoever is on the way while the rules change begins again, also in the middle of the provider's answer", async () => {
	const { desk, settings } = deskOf();
	const other = { ...settings, rules: [{ claim: "groups", matches: "staff", role: "admin" }] } as const;
	const whileAsked = (change: () => void): Lies => ({
		idToken: (claims, keys) => {
			change();
			return Promise.resolve(signedToken({ alg: "ES256", kid: "k1" }, claims, keys.private));
		},
	});
	const { location, carried } = await desk.begin("/");
	desk.adjust({ ...other, rules: [{ claim: "groups", matches: "staff", role: "operator" }] });
	const begun = (error: unknown): boolean => error instanceof SignInProblem && error.code === "sign-in-mismatch";
	await assert.rejects(desk.finish(backFrom(location), carried, null), begun);
	await assert.rejects(
		signInAt(
			desk,
			whileAsked(() => desk.adjust(other)),
		),
		begun,
	);
	assert.deepEqual(desk.sessions.all(), []);
	const beginning = desk.begin("/");
	desk.adjust(settings);
	await assert.rejects(beginning, begun);
	const { session } = await signInAt(
		desk,
		whileAsked(() => desk.adjust({ ...settings, limits: { ...settings.limits, maxSessions: 11 } })),
	);
	assert.equal(session.person.role, "viewer", "other limits concern nobody who is on the way");
});

test("an attempt that took longer than ten minutes is begun again", async () => {
	for (const [ms, signsIn] of [
		[599_999, true],
		[600_000, false],
	] as const) {
		const { desk, clock } = deskOf();
		provider.lies = {};
		const { location, carried } = await desk.begin("/");
		clock.wallMs += ms;
		const finished = desk.finish(backFrom(location), carried, null);
		if (signsIn) await finished;
		else await assert.rejects(finished, (error) => error instanceof SignInProblem && error.code === "sign-in-mismatch");
	}
});

test("a command line lives no longer than the session of whoever said yes to it", async () => {
	const { desk, clock } = deskOf();
	const { session: giver } = await signInAt(desk, {});
	const code = desk.devices.begin() ?? assert.fail();
	assert.ok(desk.devices.answer(code.userCode, giver, true));
	clock.wallMs += 30_000;
	const collected = await desk.collect(code.deviceCode);
	assert.ok(typeof collected === "object");
	assert.deepEqual([collected.session.createdAt, collected.session.way], [giver.createdAt, "device"]);
});

test("the ID token's word counts more than that of userinfo", async () => {
	const rules = [{ claim: "groups", matches: "gpu-admins", role: "admin" }] as const;
	const lies: Lies = { userInfo: { sub: "u-1", groups: ["gpu-admins"] } };
	await assert.rejects(signInAt(deskOf({ rules }).desk, lies));
	const silent = { ...lies, ...claim({ groups: undefined }) };
	assert.equal((await signInAt(deskOf({ rules }).desk, silent)).session.person.role, "admin");
});

test("a provider that hangs holds sixteen, and whoever comes then is told so at once", async () => {
	let release: () => void = () => undefined;
	const held = new Promise<void>((resolve) => {
		release = resolve;
	});
	const { desk } = deskOf({ ask: () => held.then(() => Promise.reject(new Error("nobody is there"))) });
	const waiting = Array.from({ length: 16 }, () => desk.begin("/"));
	await assert.rejects(desk.begin("/"), (error) => error instanceof SignInProblem && error.code === "sign-in-busy");
	release();
	await Promise.allSettled(waiting);
	await assert.rejects(desk.begin("/"), (error) => error instanceof SignInProblem && error.code === "provider-unavailable");
});

test("refusals fill no log: so many a minute, and then their number", async () => {
	const { desk, events, clock } = deskOf({ rules: [{ claim: "groups", matches: "nobody", role: "viewer" }] });
	for (let attempt = 0; attempt < 35; attempt++) await assert.rejects(signInAt(desk, {}));
	assert.equal(events.length, 30);
	clock.ms += 60_000;
	await assert.rejects(signInAt(desk, {}));
	const last = events.at(-1);
	assert.equal(last?.type === "sign-in-refused" ? last.unrecorded : null, 5);
});

interface Choice {
	readonly issuer?: string;
	readonly rules?: SignInSettings["rules"];
	readonly recording?: boolean;
	readonly ask?: AskProvider;
}

function deskOf({ issuer = provider.issuer, rules, recording = true, ask = askProvider }: Choice = {}) {
	const events: Event[] = [];
	const clock = { ms: 0, wallMs: Date.now() };
	const settings: SignInSettings = {
		publicUrl: PUBLIC,
		provider: {
			issuer,
			clientId: CLIENT,
			clientSecret: new Secret(CLIENT_SECRET),
			redirectUri: `${PUBLIC}/sign-in/callback`,
			scopes: ["openid"],
			algorithms: ["ES256"],
			authorities: null,
			userInfo: true,
		},
		rules: rules ?? [{ claim: "groups", matches: "staff", role: "viewer" }],
		limits: { idleMs: 60_000, lifetimeMs: 600_000, maxSessions: 10 },
	};
	const record = (event: Event) => {
		events.push(event);
		return { settled: recording ? Promise.resolve() : Promise.reject(new Error("disk full")) };
	};
	const desk = new SignInDesk(settings, { now: () => clock.wallMs, monotonic: () => clock.ms, ask, record });
	return { desk, settings, events, clock };
}

async function signInAt(desk: SignInDesk, lies: Lies) {
	provider.lies = lies;
	const { location, carried } = await desk.begin("/");
	return await desk.finish(backFrom(location), carried, null);
}

/** The query with which the provider sends the browser back. */
function backFrom(location: string): string {
	const asked = new URL(location).searchParams;
	assert.equal(asked.get("code_challenge_method"), "S256");
	provider.nonce = asked.get("nonce") ?? "";
	return `?${new URLSearchParams({ code: "c", state: asked.get("state") ?? "", iss: provider.issuer }).toString()}`;
}

function algorithms(names: readonly string[]): Lies {
	return { discovery: (honest) => ({ ...honest, id_token_signing_alg_values_supported: names }) };
}

/** Of a provider on this machine, which may itself be asked in clear. */
function endpoint(name: string, url: string): readonly [string, Lies, SignInProblemCode, RegExp] {
	return [`a ${name} that is ${url}`, { discovery: (honest) => ({ ...honest, [name]: url }) }, "provider-untrustworthy", /not https/];
}

function claim(changes: Record<string, unknown>): Lies {
	return { claims: (honest) => ({ ...honest, ...changes }) };
}

function header(changes: Record<string, unknown>): Lies {
	return { header: (honest) => ({ ...honest, ...changes }) };
}

/** Signed well, with a key that is in the header and nowhere else. */
function ownKey(): Lies {
	return {
		idToken: (claims) => {
			const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
			return Promise.resolve(signedToken({ alg: "ES256", kid: "k1", jwk: publicKey.export({ format: "jwk" }) }, claims, privateKey));
		},
	};
}

function unsigned(alg: string): Lies {
	return { idToken: (claims) => Promise.resolve(`${encoded({ alg })}.${encoded(claims)}.`) };
}

/** Signed as a shared secret would; null for the public key, in PEM. */
function hmac(secret: string | null): Lies {
	return {
		idToken: (claims, keys) => {
			const signed = `${encoded({ alg: "HS256", kid: "k1" })}.${encoded(claims)}`;
			const key = secret ?? keys.public.export({ type: "spki", format: "pem" });
			return Promise.resolve(`${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`);
		},
	};
}
