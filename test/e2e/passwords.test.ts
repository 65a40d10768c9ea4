/** Users of an htpasswd file, as curl and raw clients meet them. Where the `htpasswd` program is on the machine, its own files are used too. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

import { loadConfig } from "../../src/app/running-settings.ts";
import { startServer } from "../../src/app/start-server.ts";
import { ask, chat } from "../support/asks.ts";
import { curl } from "../support/curl.ts";
import { eventually } from "../support/eventually.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { connectRaw, type RawResponse, requestRaw } from "../support/raw-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream, type WorkedUpstream } from "../support/worked-upstream.ts";

/** Made by `htpasswd` 2.4.71: every scheme that it has, and two more. */
const FIXTURE = fileURLToPath(new URL("../fixtures/htpasswd/users", import.meta.url));
const PASSWORD = "correct horse";
const USERS = ["erin", "frank", "alice", "bob", "carol", "dave", "grace", "heidi"];
const ALICE_OTHER = "alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n";

interface World {
	readonly gateway: Gateway;
	readonly upstream: WorkedUpstream;
	readonly file: string;
	/** Status, body and fields of a request by a user from an address. */
	readonly as: (user: string, password: string, from?: string) => Promise<RawResponse>;
}

async function startWorld(
	context: TestContext,
	{ users = readFileSync(FIXTURE, "utf8"), more = "", groups = "", answers = true } = {},
): Promise<World> {
	const folder = temporaryDirectory(context);
	const file = join(folder, "users");
	writeFileSync(file, users, { mode: 0o600 });
	if (groups !== "") writeFileSync(join(folder, "groups"), groups);
	const settings = more.replace("$GROUPS", join(folder, "groups"));
	const upstream = await startWorkedUpstream(answers ? { script: (request) => request.respond(200, '{"models":[]}') } : {});
	context.after(() => upstream[Symbol.asyncDispose]());
	const yaml = `identities: { htpasswd: { file: "${file}"${settings} } }\n`;
	const gateway = await startGateway({ upstreams: [upstream.url], yaml });
	context.after(() => gateway[Symbol.asyncDispose]());
	return {
		gateway,
		upstream,
		file,
		as: (user, password, from = "127.0.0.1") =>
			requestRaw({ port: gateway.port, localAddress: from }, ask({ fields: [basic(user, password)] })),
	};
}

function basic(user: string, password: string): readonly [string, string] {
	return ["Authorization", `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`];
}

/** What an answer says beside its own id and time. */
function said({ status, headers, body }: RawResponse): string {
	const fields = headers.filter(([name]) => !/^(x-request-id|date)$/i.test(name));
	return JSON.stringify([status, fields, body.toString().replace(/[0-9a-f-]{36}/g, "")]);
}

test("a wrong password, a user who does not exist and one too long are one answer, and none of it reaches the upstream", async (context) => {
	const { as, upstream, gateway } = await startWorld(context);
	const wrong = await as("erin", "wrong");
	assert.equal(wrong.status, 401);
	for (const [user, password] of [
		["nobody", "wrong"],
		["bob", "wrong"],
		["erin", "x".repeat(5000)],
		["erin", ""],
		["", PASSWORD],
		["heidi", "{PLAIN}correct horse"],
		["bob", "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A="],
	] as const) {
		assert.equal(said(await as(user, password)), said(wrong), `${user}:${password.slice(0, 10)}`);
	}
	assert.equal(upstream.work.length, 0);
	const reasons = (await gateway.events("request-started")).map(({ reason, detail }) => [reason, detail]);
	assert.deepEqual(reasons.slice(0, 3), [
		["credential-wrong", "htpasswd:erin"],
		["credential-unknown", null],
		["credential-wrong", "htpasswd:bob"],
	]);
});

test("curl signs in with every scheme, again from memory, and a key as the password still works", async (context) => {
	const { gateway } = await startWorld(context);
	const status = async (user: string) =>
		(await curl(["-o", "-", "-w", "\n%{http_code}", "-u", user, `${gateway.url}/api/tags`])).output.split("\n").at(-1);
	for (const user of USERS) {
		assert.equal(await status(`${user}:${PASSWORD}`), "200", user);
		assert.equal(await status(`${user}:${PASSWORD}`), "200", user);
		assert.equal(await status(`${user}:${PASSWORD}x`), "401", user);
	}
	assert.equal(await status("zoë:grüße: ✓"), "200");
	assert.equal(await status(`erin:${await gateway.createKey("user")}`), "200");
	const permits = (await gateway.events("request-started")).filter(({ decision }) => decision === "permit");
	assert.deepEqual([permits[0]?.principal, permits[0]?.principalName, permits[0]?.role], ["htpasswd:erin", "erin", "user"]);
});

test("the program htpasswd adds, changes and removes users of a running gateway", async (context) => {
	const { file, as } = await startWorld(context, { users: "" });
	const has = (args: readonly string[]) => spawnSync("htpasswd", args, { encoding: "utf8" });
	const missing = has(["-n"]).error !== undefined;
	const lines = (name: string) =>
		readFileSync(FIXTURE, "utf8")
			.split("\n")
			.find((line) => line.startsWith(`${name}:`)) ?? "";
	const set = (name: string, flags: string) => {
		if (missing) writeFileSync(file, `${lines(name)}\n`);
		else assert.equal(has([flags, file, name, PASSWORD]).status, 0);
	};
	set("frank", "-bB");
	await eventually(async () => (await as("frank", PASSWORD, "127.0.0.2")).status === 200);
	set("dave", "-b5");
	await eventually(async () => (await as("dave", PASSWORD, "127.0.0.3")).status === 200);
	if (missing) writeFileSync(file, "");
	else assert.equal(has(["-D", file, "dave"]).status, 0);
	await eventually(async () => (await as("dave", PASSWORD, "127.0.0.3")).status === 401);
});

test("roles come by user, by the first group that is listed, and else the one of all", async (context) => {
	const { gateway, as } = await startWorld(context, {
		more: ', role: reader, roles: { bob: admin }, groups: "$GROUPS", group_roles: { ops: operator, all: user }',
		groups: "all: alice carol bob\nops: alice\n",
	});
	for (const user of ["alice", "bob", "carol", "dave"]) await as(user, PASSWORD);
	const started = await gateway.events("request-started");
	assert.deepEqual(
		started.map(({ principalName, role }) => [principalName, role]),
		[
			["alice", "operator"],
			["bob", "admin"],
			["carol", "user"],
			["dave", "reader"],
		],
	);
	const { port } = gateway;
	const pull = (user: string) => requestRaw({ port }, ask({ path: "/api/pull", json: { model: "door" }, fields: [basic(user, PASSWORD)] }));
	assert.equal((await pull("dave")).status, 403);
	assert.equal((await pull("alice")).status, 200);
});

test("whoever is taken out of the file loses the running stream with the next look at it, and nobody else does", async (context) => {
	const users = readFileSync(FIXTURE, "utf8");
	const { gateway, upstream, file } = await startWorld(context, { users, answers: false });
	const streamOf = async (user: string) => {
		const client = await connectRaw({ port: gateway.port });
		const request = chat("")
			.toString("latin1")
			.replace(/Authorization: [^\r]*/, basic(user, PASSWORD).join(": "));
		await client.send(request);
		const work = await upstream.nextWork();
		await work.startStream();
		await work.chunk('{"done":false}\n');
		await client.readHead();
		assert.equal((await client.readChunk())?.toString(), '{"done":false}\n');
		return { client, work };
	};
	const bob = await streamOf("bob");
	const carol = await streamOf("carol");
	writeFileSync(file, users.replace(/^bob:.*\n/m, ""));
	await bob.work.connection.departed;
	assert.match((await bob.client.readToEnd()).toString(), /error/);
	await carol.work.chunk('{"done":true}\n');
	await carol.work.finish();
	assert.equal((await carol.client.readChunk())?.toString(), '{"done":true}\n');
	assert.equal(await carol.client.readChunk(), null);
	const ended = async () => (await gateway.events("request-ended")).filter(({ operation }) => operation === "chat");
	await eventually(async () => (await ended()).length === 2);
	const ends = await ended();
	assert.deepEqual(
		ends.map(({ principal, outcome, reason }) => [principal, outcome, reason]),
		[
			["htpasswd:bob", "cut", "credential-revoked"],
			["htpasswd:carol", "completed", null],
		],
	);
});

test("a file that cannot be read whole leaves the users before it in force, and is recorded once; a reload of the configuration says why", async (context) => {
	const { gateway, file, as } = await startWorld(context);
	assert.equal((await as("bob", PASSWORD)).status, 200);
	writeFileSync(file, "bob:hunter2\n");
	await eventually(async () => (await gateway.events("passwords-rejected")).length > 0);
	assert.equal((await as("bob", PASSWORD)).status, 200);
	const outcome = await gateway.server.reload();
	assert.equal(outcome.reloaded, false);
	const [rejected, ...again] = await gateway.events("passwords-rejected");
	assert.match(rejected?.detail ?? "", /line 1: bob: it names no kind of hash.*the users before it stay in force/);
	assert.ok(!JSON.stringify(rejected).includes("hunter2"));
	assert.deepEqual(again, []);
	writeFileSync(file, ALICE_OTHER);
	assert.equal((await gateway.server.reload()).reloaded, true);
	assert.equal((await as("bob", PASSWORD)).status, 401);
	assert.equal((await as("alice", "password")).status, 200);
	const loaded = (await gateway.events("passwords-loaded")).map(({ detail }) => detail);
	assert.match(loaded[0] ?? "", /^9 users; .*heidi: the password stands there in plain text/);
	assert.match(loaded[1] ?? "", /^1 users; .*SHA-1 without salt/);
});

for (const [what, users, more, problem] of [
	["a file that is not there", null, "", /cannot be read: ENOENT.*/],
	["a file with a mistake", "bob:hunter2\n", "", /is refused: line 1: bob: it names no kind of hash/],
	["a role that is not configured", ALICE_OTHER, ", role: nosuch", /there is no role nosuch/],
] as const) {
	test(`does not start with ${what}, and says what to do`, async (context) => {
		const folder = temporaryDirectory(context);
		const file = join(folder, "users");
		if (users !== null) writeFileSync(file, users);
		const configFile = join(folder, "rempart.yaml");
		writeFileSync(
			configFile,
			`gateway: { listen: "127.0.0.1:0" }\nadmin: { listen: "127.0.0.1:0" }\nidentities: { htpasswd: { file: "${file}"${more} } }\n`,
		);
		const loaded = await loadConfig(configFile, {});
		assert.ok(!("problems" in loaded));
		const starting = startServer({
			loaded,
			overrides: {},
			stateDirectory: join(folder, "state"),
			configFile,
			demonstration: "never",
			firstKey: false,
			clock: Date.now,
		});
		await assert.rejects(starting, (error: Error & { readonly hint?: string }) => {
			assert.match(error.message, problem);
			assert.ok((error.hint ?? "") !== "" && !error.message.includes("hunter2"));
			return true;
		});
	});
}
