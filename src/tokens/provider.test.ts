/** The keys of a provider that rolls them over, lies about itself, hangs, vanishes and comes back. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { type Answer, LyingProvider, makeKey } from "../../test/support/lying-issuer.ts";
import { DocumentClient } from "../http/document-client.ts";
import { Fault } from "../model/fault.ts";
import { Provider } from "./provider.ts";

interface World {
	readonly lying: LyingProvider;
	readonly provider: Provider;
	readonly clock: { monotonic: number };
	readonly turns: string[];
	gone: number;
}

async function startWorld(
	context: TestContext,
	more: { jwks?: string; clearText?: boolean; issuer?: (true_: string) => string } = {},
): Promise<World> {
	const lying = await LyingProvider.start(context);
	const clock = { monotonic: 0 };
	const turns: string[] = [];
	const { clearText = true, jwks = null, issuer = (text: string) => text } = more;
	const world: Omit<World, "provider"> = { lying, clock, turns, gone: 0 };
	const provider = new Provider(
		{ issuer: issuer(lying.issuer), jwks, clearText, staleMs: 3_600_000 },
		{
			source: new DocumentClient(null),
			monotonic: () => clock.monotonic,
			onTurn: (up, detail) => void turns.push(up ? "up" : (detail ?? "")),
			onKeyGone: () => void (world.gone += 1),
			wait: (ms) => {
				clock.monotonic += ms;
				return Promise.resolve();
			},
		},
	);
	context.after(() => provider.close());
	return Object.assign(world, { provider });
}

const isUnavailable = (error: unknown): boolean => error instanceof Fault && error.code === "identity-provider-unavailable";

const LIES: readonly (readonly [what: string, path: string, lie: (lying: LyingProvider) => Answer, detail: RegExp])[] = [
	["names another issuer", "discovery", (lying) => ({ body: { ...lying.metadata(), issuer: `${lying.issuer}/` } }), /another issuer/],
	["names no issuer", "discovery", (lying) => ({ body: { ...lying.metadata(), issuer: undefined } }), /another issuer/],
	["names its issuer twice", "discovery", (lying) => ({ body: `{"issuer":"x",${JSON.stringify(lying.metadata()).slice(1)}` }), /twice/],
	[
		"has its keys elsewhere, in clear",
		"discovery",
		(lying) => ({ body: { ...lying.metadata(), jwks_uri: "http://192.0.2.7/jwks" } }),
		/no jwks_uri/,
	],
	["has its keys in a file", "discovery", (lying) => ({ body: { ...lying.metadata(), jwks_uri: "file:///etc/passwd" } }), /no jwks_uri/],
	[
		"has its keys behind a password",
		"discovery",
		(lying) => ({ body: { ...lying.metadata(), jwks_uri: "https://a:b@sso.example.org" } }),
		/no jwks_uri/,
	],
	[
		"sends us elsewhere",
		"discovery",
		(lying) => ({ status: 302, body: {}, fields: { location: `${lying.issuer}/elsewhere` } }),
		/answers 302/,
	],
	[
		"sends us elsewhere for its keys",
		"/jwks",
		(lying) => ({ status: 307, body: {}, fields: { location: `${lying.issuer}/elsewhere` } }),
		/answers 307/,
	],
	["answers no JSON", "discovery", () => ({ body: "<html>" }), /not valid JSON/],
	["answers without end", "discovery", () => ({ body: "x".repeat(600_000) }), /more than 524288/],
	["is broken", "/jwks", () => ({ status: 500, body: {} }), /answers 500/],
	["has no list of keys", "/jwks", () => ({ body: { keys: {} } }), /no list/],
	["has no key", "/jwks", () => ({ body: { keys: [] } }), /no public key/],
	[
		"has a thousand keys",
		"/jwks",
		(lying) => ({ body: { keys: Array.from({ length: 1000 }, () => lying.jwks().keys[0]) } }),
		/more than 64/,
	],
	[
		"publishes private keys alone",
		"/jwks",
		(lying) => ({ body: { keys: lying.keys.map(({ privateKey }) => privateKey.export({ format: "jwk" })) } }),
		/no public key/,
	],
];

for (const [what, path, lie, detail] of LIES) {
	test(`a provider that ${what} has no keys, and that is a fault`, async (context) => {
		const { lying, provider } = await startWorld(context);
		lying.lies.set(path === "discovery" ? "/.well-known/openid-configuration" : path, lie(lying));
		await assert.rejects(provider.keys(), isUnavailable);
		assert.equal(provider.state.up, false);
		assert.match(provider.state.detail ?? "", detail);
		assert.ok(!lying.asked.includes("/elsewhere"));
	});
}

test("http is not asked unless the operator said so, and never beyond this machine", async (context) => {
	const { lying, provider } = await startWorld(context, { clearText: false });
	await assert.rejects(provider.keys(), isUnavailable);
	assert.deepEqual(lying.asked, []);
	const remote = await startWorld(context, { issuer: () => "http://192.0.2.7/realm" });
	await assert.rejects(remote.provider.keys(), isUnavailable);
	assert.match(remote.provider.state.detail ?? "", /not https/);
});

test("keys are found by discovery, by RFC 8414's where there is no other, or where the operator says", async (context) => {
	const plain = await startWorld(context);
	await plain.provider.keys();
	assert.deepEqual(plain.lying.asked, ["/.well-known/openid-configuration", "/jwks"]);
	assert.deepEqual(plain.provider.state, { up: true, keys: 1, detail: null });
	const oauth = await startWorld(context);
	oauth.lying.lies.set("/.well-known/openid-configuration", { status: 404, body: {} });
	oauth.lying.lies.set("/.well-known/oauth-authorization-server", { body: oauth.lying.metadata() });
	await oauth.provider.keys();
	const written = await startWorld(context);
	const provider = new Provider(
		{ ...written.provider.spec, jwks: `${written.lying.issuer}/jwks` },
		{ source: new DocumentClient(null), monotonic: () => 0, onTurn: () => undefined, onKeyGone: () => undefined },
	);
	context.after(() => provider.close());
	await provider.keys();
	assert.deepEqual(written.lying.asked, ["/jwks"]);
});

test("however many ask at once, one fetch is made; an unknown key makes for one more, and the next of those waits", async (context) => {
	const { lying, provider, clock } = await startWorld(context);
	const all = await Promise.all(Array.from({ length: 50 }, () => provider.keys()));
	assert.equal(new Set(all).size, 1);
	const count = () => lying.asked.filter((path) => path === "/jwks").length;
	assert.equal(count(), 1);
	const [keys] = all;
	assert.ok(keys !== undefined);
	await Promise.all(Array.from({ length: 50 }, (_, index) => provider.keysAfter(keys, `made-up-${index}`)));
	assert.equal(count(), 2);
	assert.equal(clock.monotonic, 0);
	await Promise.all(Array.from({ length: 50 }, (_, index) => provider.keysAfter(keys, `made-up-too-${index}`)));
	assert.equal(count(), 3);
	assert.equal(clock.monotonic, 10_000);
	provider.missed("made-up-1");
	assert.equal(await provider.keysAfter(keys, "made-up-1"), null);
	assert.equal(count(), 3);
});

test("a key that is new is found; one that is gone is told of; the same keys are the same set", async (context) => {
	const world = await startWorld(context);
	const { lying, provider } = world;
	const before = await provider.keys();
	assert.equal(await provider.keysAfter(before, "k2"), before);
	lying.keys = [makeKey("k2"), ...lying.keys];
	const both = await provider.keysAfter(before, "k2");
	assert.equal(both?.keys.size, 2);
	assert.equal(world.gone, 0);
	lying.keys = lying.keys.slice(0, 1);
	const one = await provider.keysAfter(both ?? before, "k3");
	assert.equal(one?.keys.size, 1);
	assert.equal(world.gone, 1);
});

test("while it does not answer, its keys are good for a while; then it is a fault; when it is back, so are they", async (context) => {
	const { lying, provider, clock, turns } = await startWorld(context);
	const keys = await provider.keys();
	lying.vanish();
	assert.equal(await provider.keysAfter(keys, "k2"), keys);
	assert.equal(provider.state.up, false);
	clock.monotonic += 3_590_000;
	assert.equal(await provider.keys(), keys);
	clock.monotonic += 20_000;
	await assert.rejects(provider.keys(), isUnavailable);
	// Within a moment of the failure nobody makes for another attempt.
	lying.comeBack();
	await assert.rejects(provider.keys(), isUnavailable);
	clock.monotonic += 60_000;
	assert.equal((await provider.keys()).keys.size, 1);
	assert.equal(turns.length, 3);
	assert.equal(turns[0], "up");
	assert.match(turns[1] ?? "", /ECONNRESET|hang up/);
	assert.equal(turns[2], "up");
});
