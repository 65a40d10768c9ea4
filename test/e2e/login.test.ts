/** A command line that signs in at a server elsewhere, and administers it: browser beside it, browser elsewhere, and what must not be had so. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { run } from "../../src/cli/program.ts";
import { Browser, type Visited } from "../support/browser.ts";
import { type FakeWorld, fakeWorld, folder, rempart } from "../support/cli.ts";
import { eventually } from "../support/eventually.ts";
import { type SignInWorld, signInWorld } from "../support/sign-in-world.ts";

let world: SignInWorld;
const closers: (() => unknown)[] = [];
before(async () => {
	world = await signInWorld({ after: (close) => void closers.push(close) });
});
after(async () => {
	for (const close of closers) await close();
});

test("by the browser beside it: signs in, administers with --admin, signs out", async (t) => {
	const home = await folder(t);
	const { code, out, err } = await loginByBrowser(home, "otto");
	assert.equal(code, 0, err);
	assert.match(out, /^signed in at http:\/\/127\.0\.0\.1:\d+ as otto with the role operator, until /);
	const file = join(home, "rempart", "logins.json");
	const { token } = JSON.parse(await readFile(file, "utf8")).logins[world.url];
	assert.match(token, /^rmp_session_/);
	assert.ok(!(out + err).includes(token), "printed nowhere");
	assert.equal((await stat(file)).mode & 0o777, 0o600);

	const made = await here(home, ["key", "create", "--name", "made from afar", "--role", "user", "--json", "--admin", world.url]);
	assert.equal(made.code, 0, made.err);
	const listed = await here(home, ["key", "list", "--admin", `${world.url}/`]);
	assert.match(listed.out, /made from afar/);
	const refused = await here(home, ["key", "create", "--name", "more", "--role", "admin", "--admin", world.url]);
	assert.notEqual(refused.code, 0);
	assert.match(refused.err, /rights that an operator may not hand out/);
	const [created] = await world.gateway.events("key-created");
	assert.match(created?.by ?? "", /^psn_[0-9a-f]{16} \(otto\)$/);
	assert.match((await here(home, ["events", "--admin", world.url, "--type", "person-signed-in"])).out, /by terminal/);

	assert.equal((await here(home, ["logout"])).code, 0);
	const after = await here(home, ["key", "list", "--admin", world.url]);
	assert.deepEqual([after.code, /nobody is signed in/.test(after.err)], [2, true]);
	const answer = await fetch(`${world.url}/v1/keys`, { headers: { authorization: `Bearer ${token}` } });
	assert.equal(answer.status, 401, "the token is worth nothing any more");
});

test("by a browser elsewhere: a code is typed, and a no is a no", async (t) => {
	const { browser } = await world.signIn("vera");
	const home = await folder(t);
	for (const answer of ["no", "yes"]) {
		const asked = start(home, ["login", "--device", world.url]);
		await eventually(() => /^[A-Z]{4}-[A-Z]{4}$/m.test(asked.world.err()));
		const typed = /^[A-Z]{4}-[A-Z]{4}$/m.exec(asked.world.err())?.[0] ?? "";
		const page = await browser.visit(`${world.url}/device`);
		const done = await browser.submitFormOf(page, { code: ` ${typed.toLowerCase()} `, answer });
		assert.equal(done.status, 200, done.text);
		assert.equal(await asked.code, answer === "yes" ? 0 : 2, asked.world.err());
		const again = await browser.submitFormOf(page, { code: typed, answer: "yes" });
		assert.equal(again.status, 400, "a code is good once");
	}
	assert.equal((await here(home, ["key", "list", "--admin", world.url])).code, 0);
	const refused = await here(home, ["session", "list", "--admin", world.url]);
	assert.match(refused.err, /it takes the role admin, and yours is viewer/);
	assert.match((await rempart(["session", "list", "--state", world.gateway.stateDirectory])).out, /vera .* device /);
});

test("no in the browser is no, and a page that another answers with is none", async (t) => {
	const home = await folder(t);
	const { browser } = await world.signIn("vera");
	const asked = start(home, ["login", world.url]);
	const page = await browser.visit(await addressShown(asked.world));
	const redirect = new URL(page.url).searchParams.get("redirect_uri") ?? "";
	for (const forged of [
		`${redirect}?code=x&iss=${world.url}`,
		`${redirect}?code=x&state=guessed&iss=${world.url}`,
		new URL("/", redirect).href,
	]) {
		assert.equal((await fetch(forged)).status, 404, "it waits for its own answer");
	}
	await browser.submitFormOf(page, { answer: "no" });
	assert.equal(await asked.code, 2);
	assert.match(asked.world.err(), /refused in the browser/);
});

test("a yes is one of our own page's, said once and plainly", async () => {
	const { browser } = await world.signIn("vera");
	const page = new URL("/sign-in/terminal", world.url);
	page.searchParams.set("redirect_uri", "http://127.0.0.1:9/callback");
	page.searchParams.set("code_challenge", "c".repeat(43));
	page.searchParams.set("state", "s".repeat(43));
	const consent = await browser.visit(page.href);
	const answered = async (answer: string): Promise<string> => {
		const { url } = await browser.submitFormOf(consent, { answer }, (next) => next.port === "9");
		return new URL(url).search.replace(/=[^&]*/g, "");
	};
	for (const answer of ["", "Yes", "maybe"]) assert.equal(await answered(answer), "?error&state&iss", answer);
	assert.equal(await answered("yes"), "?code&state&iss");
	const csrf = /name="csrf" value="([^"]+)"/.exec(consent.text)?.[1] ?? "";
	const fields = Object.fromEntries(page.searchParams);
	for (const [what, path, form, from] of [
		["a page of another site", "/sign-in/terminal", { ...fields, csrf, answer: "yes" }, "http://evil.example/"],
		["no token", "/sign-in/terminal", { ...fields, answer: "yes" }, page.href],
		["another token", "/device", { code: "BCDF-GHJK", csrf: "x".repeat(43), answer: "yes" }, `${world.url}/device`],
	] as const) {
		assert.equal((await browser.submit(`${world.url}${path}`, form, { from })).status, 403, what);
	}
	const cookie = `rempart-session=${browser.cookie(world.url, "rempart-session")?.value ?? ""}`;
	const twice = await fetch(page, {
		method: "POST",
		redirect: "manual",
		headers: { cookie, origin: world.url, "content-type": "application/x-www-form-urlencoded" },
		body: `${new URLSearchParams({ ...fields, csrf }).toString()}&answer=no&answer=yes`,
	});
	assert.match(twice.headers.get("location") ?? "", /error=access_denied/);
});

const forbidden: readonly (readonly [what: string, change: (page: URL) => void])[] = [
	["another machine", (page) => page.searchParams.set("redirect_uri", "http://evil.example:80/callback")],
	["another path", (page) => page.searchParams.set("redirect_uri", "http://127.0.0.1:9/steal")],
	["a user before the host", (page) => page.searchParams.set("redirect_uri", "http://127.0.0.1:80@evil.example/callback")],
	["a name for this machine", (page) => page.searchParams.set("redirect_uri", "http://localhost:9/callback")],
	["no challenge", (page) => page.searchParams.delete("code_challenge")],
	["a plain challenge", (page) => page.searchParams.set("code_challenge", "short")],
];

for (const [what, change] of forbidden) {
	test(`a code never goes to ${what}`, async () => {
		const { browser } = await world.signIn("vera");
		const page = new URL("/sign-in/terminal", world.url);
		page.searchParams.set("redirect_uri", "http://127.0.0.1:9/callback");
		page.searchParams.set("code_challenge", "c".repeat(43));
		page.searchParams.set("state", "s".repeat(43));
		change(page);
		const answer = await browser.visit(page.href);
		assert.equal(answer.status, 422);
		assert.doesNotMatch(answer.text, /<form/);
	});
}

test("a code is worth nothing without the secret of whoever asked, and is spent by trying", async () => {
	const { browser } = await world.signIn("vera");
	const page = new URL("/sign-in/terminal", world.url);
	const redirectUri = "http://127.0.0.1:9/callback";
	const verifier = "v".repeat(43);
	const challenge = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(verifier))).toString("base64url");
	for (const [name, value] of [
		["redirect_uri", redirectUri],
		["code_challenge", challenge],
		["state", "s".repeat(43)],
	] as const)
		page.searchParams.set(name, value);
	const codeOf = async (): Promise<string> => {
		const consent = await browser.visit(page.href);
		const { url } = await browser.submitFormOf(consent, { answer: "yes" }, (next) => next.port === "9");
		return new URL(url).searchParams.get("code") ?? "";
	};
	const redeem = (body: object) =>
		fetch(`${world.url}/sign-in/token`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
	const code = await codeOf();
	assert.equal((await redeem({ code, verifier: "w".repeat(43), redirectUri })).status, 400);
	assert.equal((await redeem({ code, verifier, redirectUri })).status, 400, "spent");
	assert.equal((await redeem({ code: await codeOf(), verifier, redirectUri: "http://127.0.0.1:10/callback" })).status, 400);
	assert.equal((await redeem({ code: await codeOf(), verifier, redirectUri })).status, 200);
	const late = await codeOf();
	await browser.submitFormOf(await browser.visit(`${world.url}/`), {}, (next) => next.origin !== world.url);
	assert.equal((await redeem({ code: late, verifier, redirectUri })).status, 400, "whoever said yes has signed out since");
});

test("a token of a browser is none of a command line, nor the other way round, and two are too many", async (t) => {
	const home = await folder(t);
	await loginByBrowser(home, "vera");
	const { token } = JSON.parse(await readFile(join(home, "rempart", "logins.json"), "utf8")).logins[world.url];
	const { browser } = await world.signIn("vera");
	const cookie = browser.cookie(world.url, "rempart-session")?.value ?? "";
	const ask = async (headers: Record<string, string>) => (await fetch(`${world.url}/v1/keys`, { headers })).status;
	assert.equal(await ask({ authorization: `Bearer ${cookie}` }), 401);
	assert.equal(await ask({ cookie: `rempart-session=${token}` }), 401);
	assert.equal(await ask({ authorization: `Bearer ${token}`, cookie: `rempart-session=${cookie}` }), 400);
	assert.equal(await ask({ authorization: `Bearer ${token}` }), 200);
	await chmod(join(home, "rempart", "logins.json"), 0o644);
	const readable = await here(home, ["key", "list", "--admin", world.url]);
	assert.match(readable.err, /not yours alone/);
});

test("nobody is sent to a page that is not there: no server, or one where nobody signs in", async (t) => {
	const home = await folder(t);
	const other = createServer(
		(_request, response) => void response.writeHead(404).end('{"code":"not-found","title":"there is nothing at this path"}'),
	).listen(0, "127.0.0.1");
	t.after(() => other.close());
	await once(other, "listening");
	const { port } = other.address() as AddressInfo; // A TCP listener's address is never a string.
	for (const way of [[], ["--device"]]) {
		const elsewhere = await here(home, ["login", ...way, `http://127.0.0.1:${port}`]);
		assert.deepEqual([elsewhere.code, elsewhere.out], [2, ""]);
		assert.match(elsewhere.err, /^error: people do not sign in at http:\/\/127\.0\.0\.1:\d+\nhint: .*admin\.sign_in/);
	}
	other.close();
	await once(other, "close");
	assert.match((await here(home, ["login", `http://127.0.0.1:${port}`])).err, /did not answer: connect ECONNREFUSED/);
});

test("a token goes nowhere in clear but to this machine", async (t) => {
	const home = await folder(t);
	for (const url of ["http://gpu.example.org:11436", "https://a:b@gpu.example.org", "https://gpu.example.org/path", "gpu.example.org"]) {
		const { code } = await here(home, ["key", "list", "--admin", url]);
		assert.equal(code, 2, url);
	}
});

async function loginByBrowser(home: string, name: string): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
	const asked = start(home, ["login", world.url]);
	const browser = new Browser();
	const there = await browser.visit(await addressShown(asked.world));
	const consent: Visited = await world.provider.signIn(browser, there, name);
	assert.match(consent.text, /Sign in the terminal on this computer\?/);
	const back = await browser.submitFormOf(consent, { answer: "yes" });
	assert.match(back.text, /Back to the terminal/);
	return { code: await asked.code, out: asked.world.out(), err: asked.world.err() };
}

function start(home: string, words: readonly string[]): { readonly code: Promise<number>; readonly world: FakeWorld } {
	const around = fakeWorld({ environment: { XDG_CONFIG_HOME: home } });
	return { code: run(words, around.surroundings), world: around };
}

function here(home: string, words: readonly string[]) {
	return rempart(words, { environment: { XDG_CONFIG_HOME: home } });
}

async function addressShown(asked: FakeWorld): Promise<string> {
	await eventually(() => /^http\S+$/m.test(asked.err()));
	return /^http\S+$/m.exec(asked.err())?.[0] ?? "";
}
