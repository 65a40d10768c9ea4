import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";

import { fakeWorld, folder } from "../../../test/support/cli.ts";
import { Secret } from "../../std/secret.ts";
import { adminOriginOf } from "./admin-url.ts";
import { type Login, loginsFile, readLogins, writeLogin } from "./logins.ts";

const LOGIN: Login = { token: new Secret("rmp_session_x"), name: "ada", role: "admin", expiresAt: 1, authorities: null };

async function around(t: TestContext) {
	return fakeWorld({ environment: { XDG_CONFIG_HOME: await folder(t) } }).surroundings;
}

for (const [what, text] of [
	["no JSON", "rmp_session_x"],
	["a list", "[]"],
	["a login without a token", '{"logins":{"https://a":{"name":"a","role":"b","expiresAt":1,"authorities":null}}}'],
	[
		"an expiry that is a text",
		'{"logins":{"https://a":{"token":"rmp_session_x","name":"a","role":"b","expiresAt":"1","authorities":null}}}',
	],
] as const) {
	test(`refuses a file that holds ${what}, and quotes nothing of it`, async (t) => {
		const here = await around(t);
		await mkdir(dirname(loginsFile(here)), { mode: 0o700 });
		await writeFile(loginsFile(here), text, { mode: 0o600 });
		await assert.rejects(readLogins(here), (error) => error instanceof Error && !error.message.includes("rmp_session"));
	});
}

test("refuses a file that others may read", async (t) => {
	const here = await around(t);
	await writeLogin(here, "https://a", LOGIN);
	await chmod(loginsFile(here), 0o640);
	await assert.rejects(readLogins(here), /not yours alone/);
});

test("keeps one login a server, replaces it whole, leaves no draft, and is its owner's alone", async (t) => {
	const here = await around(t);
	assert.equal((await readLogins(here)).size, 0);
	await writeLogin(here, "https://a", LOGIN);
	await writeLogin(here, "https://b", LOGIN);
	await writeLogin(here, "https://a", { ...LOGIN, name: "otto" });
	const logins = await readLogins(here);
	assert.deepEqual([logins.get("https://a")?.name, logins.get("https://b")?.name], ["otto", "ada"]);
	assert.equal(logins.get("https://a")?.token.reveal(), "rmp_session_x");
	const file = loginsFile(here);
	assert.deepEqual(await readdir(dirname(file)), ["logins.json"]);
	assert.deepEqual([(await stat(file)).mode & 0o777, (await stat(dirname(file))).mode & 0o777], [0o600, 0o700]);
	await writeLogin(here, "https://a", null);
	assert.doesNotMatch(await readFile(file, "utf8"), /https:\/\/a/);
});

test("lies in the user's own configuration, and a relative place is none", () => {
	const { surroundings } = fakeWorld({ environment: { XDG_CONFIG_HOME: "relative" }, home: "/home/ada" });
	assert.equal(loginsFile(surroundings), join("/home/ada", ".config", "rempart", "logins.json"));
});

test("an address is scheme, host and port; in clear only this machine's", () => {
	for (const [typed, origin] of [
		["https://a.example/", "https://a.example"],
		["https://a.example:443", "https://a.example"],
		["http://127.0.0.1:11436", "http://127.0.0.1:11436"],
		["http://[::1]:1/", "http://[::1]:1"],
	] as const) {
		assert.equal(adminOriginOf(typed), origin);
	}
	for (const typed of [
		"http://127.evil.example",
		"http://10.0.0.1",
		"https://a@b.example",
		"https://a.example/?x",
		"https:\\\\a.example",
		"ftp://a",
		"",
	]) {
		assert.throws(() => adminOriginOf(typed), typed);
	}
});
