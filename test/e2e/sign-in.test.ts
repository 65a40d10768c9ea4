/** People who administer, from end to end: a real provider that others wrote, a browser with cookies, the gateway as it is started. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Browser, type Visited } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { RULES, type SignInWorld, signInWorld } from "../support/sign-in-world.ts";

/** One for all tests: each signs in anew, and a start takes longer than a test. */
let world: SignInWorld;
const closers: (() => unknown)[] = [];
before(async () => {
	world = await signInWorld({ after: (close) => void closers.push(close) });
});
after(async () => {
	for (const close of closers) await close();
});

test("somebody signs in, sees who they are, and signs out for good", async () => {
	const { gateway, url, signIn } = world;
	const { browser, page } = await signIn("vera");
	assert.equal(page.status, 200, page.text);
	assert.equal(page.url, `${url}/`);
	assert.match(page.text, /vera <span class="role">viewer<\/span>/);
	const me = JSON.parse((await browser.visit(`${url}/me`)).text);
	assert.equal(me.role, "viewer");
	assert.match(me.id, /^psn_[0-9a-f]{16}$/);
	const cookie = browser.cookie(url, "rempart-session");
	assert.match(cookie?.line ?? "", /; Path=\/; HttpOnly; SameSite=Lax$/);
	assert.equal(browser.cookie(url, "rempart-sign-in"), null, "what was carried to the provider is gone");

	const out = await browser.submitFormOf(page, {}, (next) => next.origin !== url);
	assert.match(out.url, /\/session\/end\?/, "the provider is told as well");
	assert.equal(browser.cookie(url, "rempart-session"), null);
	browser.plant(url, "rempart-session", cookie?.value ?? "");
	assert.equal((await browser.visit(`${url}/me`)).status, 401, "the session is gone, not only its cookie");

	const signedIn = (await gateway.events("person-signed-in")).at(-1);
	const signedOut = (await gateway.events("person-signed-out")).at(-1);
	assert.deepEqual([signedIn?.person, signedIn?.name, signedIn?.role, signedIn?.way], [me.id, "vera", "viewer", "browser"]);
	assert.deepEqual([signedOut?.session, signedOut?.detail], [signedIn?.session, "signed out"]);
	const log = JSON.stringify(await gateway.admin.get("/v1/events?limit=10000"));
	assert.ok(!log.includes(cookie?.value ?? "?"), "no token is on record");
});

test("whom no rule fits is not let in, and nothing comes of it", async () => {
	const { gateway, url, signIn } = world;
	const { browser, page } = await signIn("mallory");
	assert.equal(page.status, 403);
	assert.match(page.text, /person-not-admitted/);
	assert.equal(browser.cookie(url, "rempart-session"), null);
	const refused = (await gateway.events("sign-in-refused")).at(-1);
	assert.equal(refused?.problem, "person-not-admitted");
	assert.ok(!(await gateway.events("person-signed-in")).some(({ name }) => name === "mallory"));
});

test("each role may do what its rows say, and is told of what it may not", async () => {
	const { gateway, url, signIn } = world;
	const asks = async (name: string) => {
		const { browser } = await signIn(name);
		const { csrf } = JSON.parse((await browser.visit(`${url}/me`)).text);
		return { get: (path: string) => browser.visit(`${url}${path}`), post: poster(browser, url, csrf) };
	};
	const [ada, otto, vera] = [await asks("ada"), await asks("otto"), await asks("vera")];
	assert.equal((await vera.get("/v1/keys")).status, 200);
	assert.equal((await vera.post("/v1/keys", { name: "of vera", role: "user" })).status, 403);
	const made = await otto.post("/v1/keys", { name: "of otto", role: "user" });
	assert.equal(made.status, 201, made.text);
	for (const role of ["admin", "nosuch"]) {
		const refused = await otto.post("/v1/keys", { name: "more", role });
		assert.deepEqual([refused.status, JSON.parse(refused.text).code], [403, "role-insufficient"], role);
	}
	assert.equal((await otto.post("/v1/principals/enrol", { name: "more", role: "admin" })).status, 403);
	const strong = await ada.post("/v1/keys", { name: "of ada", role: "admin" });
	assert.equal(strong.status, 201);
	const { id } = JSON.parse(strong.text);
	assert.equal((await otto.post(`/v1/keys/${id}/rotate`, {})).status, 403, "a new text would be theirs to use");
	assert.equal((await otto.post(`/v1/keys/${id}/revoke`, {})).status, 200);
	assert.equal((await otto.post("/v1/config/reload", {})).status, 403);
	assert.equal((await otto.get("/v1/sessions")).status, 403);
	const names = JSON.parse((await ada.get("/v1/sessions")).text).sessions.map(({ name }: { readonly name: string }) => name);
	for (const name of ["ada", "otto", "vera"]) assert.ok(names.includes(name), name);

	const [created] = await gateway.events("key-created");
	assert.match(created?.by ?? "", /^psn_[0-9a-f]{16} \(otto\)$/);
	// Neither a refusal nor a reload waits for the disk.
	await eventually(async () => (await gateway.events("administration-refused")).length > 0);
	const refusals = await gateway.events("administration-refused");
	assert.deepEqual(refusals.map(({ what, role }) => `${role}: ${what}`).slice(0, 1), ["viewer: POST /v1/keys"]);
	assert.equal((await ada.post("/v1/config/reload", {})).status, 200);
	await eventually(async () => (await gateway.events("config-reloaded")).at(-1)?.by.endsWith("(ada)") === true);
	assert.equal((await gateway.events("config-reloaded"))[0]?.by, "signal");
});

test("a page of another site can make no change, whatever the browser sends along for it", async () => {
	const { gateway, url, signIn } = world;
	const { browser, page } = await signIn("ada");
	const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
	const reloads = (await gateway.events("config-reloaded")).length;
	const evil = "http://evil.example/";
	const tries: readonly (readonly [
		what: string,
		path: string,
		from: string,
		headers: Record<string, string>,
		form: Record<string, string>,
	])[] = [
		["a form of another site", "/sign-out", evil, {}, { csrf }],
		["a form of another port of this host", "/sign-out", `${gateway.url}/`, {}, { csrf }],
		["a form without the token", "/sign-out", `${url}/`, {}, {}],
		["a form with another token", "/sign-out", `${url}/`, {}, { csrf: `${csrf}x` }],
		["the token, but no word on where it comes from", "/sign-out", `${url}/`, { "sec-fetch-site": "none", origin: "null" }, { csrf }],
		["a form to the API", "/v1/config/reload", `${url}/`, { "x-csrf-token": csrf }, { a: "b" }],
		["the API without the token", "/v1/config/reload", `${url}/`, {}, {}],
	];
	for (const [what, path, from, headers, form] of tries) {
		const answer = await browser.submit(`${url}${path}`, form, { from, headers });
		assert.ok(answer.status === 403 || answer.status === 415, `${what}: ${answer.status}`);
	}
	assert.equal((await browser.visit(`${url}/me`, { headers: { "sec-fetch-site": "cross-site" } })).status, 403);
	assert.equal((await browser.visit(`${url}/v1/keys`, { from: evil })).status, 403, "not even by a link");
	assert.equal((await browser.visit(`${url}/`, { from: evil })).status, 200, "to the page one may be led");
	assert.equal((await browser.visit(`${url}/me`)).status, 200, "nobody was signed out");
	assert.deepEqual((await gateway.events("config-reloaded")).length, reloads);
});

test("a session that somebody planted before does not become theirs, and a second sign-in ends the first", async () => {
	const { url, signIn } = world;
	const browser = new Browser();
	const planted = `rmp_session_${"A".repeat(43)}`;
	browser.plant(url, "rempart-session", planted);
	await signIn("vera", browser);
	const first = browser.cookie(url, "rempart-session")?.value ?? "";
	assert.notEqual(first, planted);
	const there = await browser.visit(`${url}/sign-in`);
	assert.equal(there.url, `${url}/`, "the provider remembers who it was");
	const second = browser.cookie(url, "rempart-session")?.value ?? "";
	assert.notEqual(second, first);
	for (const [token, status] of [
		[planted, 401],
		[first, 401],
		[second, 200],
	] as const) {
		browser.plant(url, "rempart-session", token);
		assert.equal((await browser.visit(`${url}/me`)).status, status);
	}
	await saidOfSigningOut("signed in again");
});

test("an answer belongs to the browser that asked, and is good once", async () => {
	const { url, provider } = world;
	const isBack = (next: URL): boolean => next.origin === url;
	const browser = new Browser();
	const there = await browser.visit(`${url}/sign-in`);
	const carried = browser.cookie(url, "rempart-sign-in")?.value ?? "";
	assert.ok(carried.length > 100);
	const { url: answer } = await provider.signIn(browser, there, "vera", isBack);
	for (const [what, changed] of [
		["another browser", answer],
		["no state", answer.replace(/state=[^&]+&?/, "")],
		["another state", answer.replace(/state=[^&]+/, `state=${"A".repeat(43)}`)],
		["two states", `${answer}&state=x`],
		["an answer of another issuer (RFC 9207)", answer.replace(/iss=[^&]+/, "iss=https%3A%2F%2Fevil.example")],
		["no word on the issuer", answer.replace(/&iss=[^&]+/, "")],
		["no code", answer.replace(/code=[^&]+&?/, "")],
		["another code", answer.replace(/code=[^&]+/, "code=guessed")],
		["an error of the provider", `${url}/sign-in/callback?error=access_denied&${answer.split("?")[1]?.replace(/code=[^&]+&?/, "")}`],
	] as const) {
		const other = new Browser();
		if (what !== "another browser") other.plant(url, "rempart-sign-in", carried);
		const refused = await other.visit(changed);
		assert.ok(refused.status >= 400, `${what}: ${refused.status}`);
		assert.equal(other.cookie(url, "rempart-session"), null, what);
	}
	browser.plant(url, "rempart-sign-in", carried);
	assert.equal((await browser.visit(answer)).status, 200, "the right one, in the right browser");
	const thief = new Browser();
	thief.plant(url, "rempart-sign-in", carried);
	assert.equal((await thief.visit(answer)).status, 400, "and not again, with everything that belongs to it");
});

test("sessions end when rules change, when sign-in is switched off, and not when only times change", async () => {
	const { url, configure, signIn } = world;
	const { browser } = await signIn("vera");
	await configure(`rules: ${RULES}\nidle: 10m`);
	assert.equal((await browser.visit(`${url}/me`)).status, 200);
	await configure("rules: [{ claim: groups, matches: nobody, role: viewer }]");
	assert.equal((await browser.visit(`${url}/me`)).status, 401);
	await saidOfSigningOut("the rules changed");
	await configure(null);
	for (const path of ["/", "/sign-in", "/me", "/v1/keys", "/device"])
		assert.equal((await browser.visit(`${url}${path}`)).status, 404, path);
	assert.equal((await browser.visit(`${url}/healthz`)).status, 200);
	await configure();
});

test("what is being followed ends with the session", async () => {
	const { url, signIn, gateway } = world;
	const { browser } = await signIn("vera");
	const { session } = JSON.parse((await browser.visit(`${url}/me`)).text);
	const cookie = `rempart-session=${browser.cookie(url, "rempart-session")?.value ?? ""}`;
	const followed = await fetch(`${url}/v1/events?follow=true&limit=1`, { headers: { cookie } });
	const reader = followed.body?.getReader();
	assert.equal((await reader?.read())?.done, false);
	assert.equal((await gateway.admin.post(`/v1/sessions/${session}/end`, {})).status, 200);
	let last = await reader?.read();
	while (last?.done === false) last = await reader?.read();
	assert.equal(last?.done, true);
});

test("by another name of this machine nobody is sent anywhere, since the cookie would stay behind", async () => {
	const { url } = world;
	const other = url.replace("127.0.0.1", "localhost");
	const answer = await new Browser().visit(`${url}/sign-in`, { headers: { host: new URL(other).host } });
	assert.equal(answer.status, 421);
	assert.ok(answer.text.includes(url));
});

test("an administrator signs somebody out, and it holds at once", async () => {
	const { url, signIn, gateway } = world;
	const { browser } = await signIn("vera");
	const { session } = JSON.parse((await browser.visit(`${url}/me`)).text);
	assert.equal((await gateway.admin.post(`/v1/sessions/${session}/end`, {})).status, 200);
	assert.equal((await browser.visit(`${url}/me`)).status, 401);
	await saidOfSigningOut("ended by an administrator: socket");
});

test("every route of the API and of the site refuses a stranger", async () => {
	const { url } = world;
	const stranger = new Browser();
	for (const path of ["/v1/keys", "/v1/status", "/v1/events", "/v1/sessions", "/v1/principals", "/me"]) {
		assert.equal((await stranger.visit(`${url}${path}`)).status, 401, path);
	}
	for (const path of ["/v1/keys", "/v1/config/reload", "/v1/policy/explain", "/sign-out"]) {
		assert.equal((await stranger.submit(`${url}${path}`, {})).status, 401, path);
	}
	assert.equal((await stranger.visit(`${url}/`)).status, 200);
	const rebound = await stranger.visit(`${url}/`, { headers: { host: "evil.example" } });
	assert.equal(rebound.status, 421);
});

test("pages allow no script, no frame and no form that leads elsewhere", async () => {
	const { url, signIn, provider } = world;
	const { page } = await signIn("vera");
	const policy = String(page.headers["content-security-policy"]);
	assert.match(policy, /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; form-action 'self'/);
	assert.ok(policy.includes(`form-action 'self' ${provider.issuer};`), policy);
	assert.match(policy, /frame-ancestors 'none'; base-uri 'none'$/);
	assert.equal(page.headers["cache-control"], "no-store");
	assert.doesNotMatch(page.text, /<script/);
	assert.ok(!page.text.includes(url.repeat(2)));
});

async function saidOfSigningOut(detail: string): Promise<void> {
	await eventually(async () => (await world.gateway.events("person-signed-out")).some((event) => event.detail === detail));
}

function poster(browser: Browser, url: string, csrf: string): (path: string, body: object) => Promise<Visited> {
	return (path, body) => browser.send(`${url}${path}`, body, { "x-csrf-token": csrf });
}
