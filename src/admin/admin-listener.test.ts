import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { adminWorld, requestStarted } from "../../test/support/admin-deps.ts";
import { HintedError } from "../std/hinted-error.ts";
import { createAdminApi } from "./admin-api.ts";
import { type AdminListener, listenOnSocket, listenOnTcp } from "./admin-listener.ts";
import { createProbeApp } from "./probe-app.ts";

const foreign: readonly (readonly [what: string, headers: Record<string, string>, status: number, code: string])[] = [
	["a name that somebody pointed at this address (DNS rebinding)", { host: "evil.example:11436" }, 421, "host-not-served"],
	["a name that ends like ours", { host: "evil-localhost" }, 421, "host-not-served"],
	["our name as a part of another", { host: "localhost.evil.example" }, 421, "host-not-served"],
	["a page of another site", { "sec-fetch-site": "cross-site" }, 403, "cross-site-request"],
	["a page of a sibling site", { "sec-fetch-site": "same-site" }, 403, "cross-site-request"],
	["a page of another origin, in an old browser", { origin: "http://evil.example" }, 403, "cross-site-request"],
	["a page of another port of this machine", { origin: "http://127.0.0.1:8080" }, 403, "cross-site-request"],
	["a page without an origin of its own", { origin: "null" }, 403, "cross-site-request"],
];

for (const path of ["/metrics", "/healthz", "/readyz", "/v1/status"]) {
	for (const [what, headers, status, code] of foreign) {
		test(`${path} refuses ${what}`, async (t) => {
			const answer = await get(await probes(t), path, headers);
			assert.equal(answer.status, status);
			assert.match(answer.body, new RegExp(`"code":"${code}"|^$`));
		});
	}
}

test("no administration over TCP: every path of the admin API is not there", async (t) => {
	const listener = await probes(t);
	for (const path of ["/v1/keys", "/v1/status", "/v1/events", "/v1/config/reload", "/v1/policy/explain"]) {
		for (const method of ["GET", "POST"]) assert.equal((await get(listener, path, {}, method)).status, 404, path);
	}
});

for (const host of [
	"127.0.0.1:11436",
	"localhost",
	"LOCALHOST:80",
	"[::1]:11436",
	"a.localhost",
	"10.0.0.7:11436",
	"prometheus.internal",
]) {
	test(`metrics are served to ${host}, without a credential`, async (t) => {
		const answer = await get(await probes(t), "/metrics", { host });
		assert.equal(answer.status, 200);
		assert.match(answer.body, /^rempart_config_reload_success 1$/m);
	});
}

test("probes tell the names of checks and not their details", async (t) => {
	const listener = await probes(t);
	assert.deepEqual([(await get(listener, "/healthz")).status, (await get(listener, "/readyz")).status], [200, 503]);
	const { body } = await get(listener, "/readyz");
	assert.match(body, /"name":"upstream","ok":false/);
	assert.doesNotMatch(body, /ECONNREFUSED/);
});

for (const [what, bytes] of [
	["a bare line feed in the head", "GET /healthz HTTP/1.1\nHost: localhost\n\n"],
	["two lengths", "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"],
	["a head of 20 KiB", `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`],
	["no Host", "GET /healthz HTTP/1.1\r\n\r\n"],
	["an empty Host", "GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"],
	["two Hosts", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"],
	["the same Host twice", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"],
	["a Host with a user before it", "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1@evil.example\r\nConnection: close\r\n\r\n"],
] as const) {
	test(`refuses ${what} and closes`, async (t) => {
		const { port } = new URL((await probes(t)).address);
		const socket = connect(Number(port), "127.0.0.1");
		socket.end(bytes);
		const chunks: Buffer[] = [];
		for await (const chunk of socket) chunks.push(chunk);
		assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1\.1 4\d\d /);
	});
}

test("the socket is its owner's alone, and serves everything", async (t) => {
	const path = join(await folder(t), "admin.sock");
	const listener = await socketOf(t, path);
	assert.equal((await stat(path)).mode & 0o777, 0o600);
	assert.equal((await get(listener, "/v1/status")).status, 200);
	const created = await get(listener, "/v1/keys", {}, "POST", { name: "laptop", role: "user" });
	assert.equal(created.status, 201);
	assert.match(created.body, /"key":"rmp_live_/);
});

for (const [what, framing, status] of [
	["in chunks", 'Transfer-Encoding: chunked\r\n\r\n1f\r\n{"name":"laptop","role":"user"}\r\n0\r\n\r\n', 201],
	["that is not there and has no length", "\r\n", 422],
	["in chunks beyond the bound", `Transfer-Encoding: chunked\r\n\r\n${`10000\r\n${"x".repeat(0x10000)}\r\n`.repeat(17)}0\r\n\r\n`, 413],
] as const) {
	test(`the socket answers a body ${what} with ${status}`, async (t) => {
		const listener = await socketOf(t, join(await folder(t), "admin.sock"));
		const socket = connect(listener.address);
		socket.on("error", () => undefined);
		socket.write(`POST /v1/keys HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${framing}`);
		const [answer] = await once(socket, "data");
		socket.destroy();
		assert.match(String(answer), new RegExp(`^HTTP/1\\.1 ${status} `));
	});
}

test("a second Host is refused, even an equal one", async (t) => {
	const { port } = new URL((await probes(t)).address);
	for (const [hosts, status] of [
		["Host: localhost", 200],
		["Host: localhost\r\nHost: localhost", 400],
		["Host: localhost\r\nhost: prometheus.internal", 400],
	] as const) {
		const socket = connect(Number(port), "127.0.0.1");
		socket.write(`GET /healthz HTTP/1.1\r\n${hosts}\r\nConnection: close\r\n\r\n`);
		const [answer] = await once(socket, "data");
		socket.destroy();
		assert.match(String(answer), new RegExp(`^HTTP/1\\.1 ${status} `), hosts);
	}
});

test("a socket that a crash left is replaced; one that is in use is not", async (t) => {
	const path = join(await folder(t), "admin.sock");
	const dead = createServer().listen(path);
	await once(dead, "listening");
	await assert.rejects(socketOf(t, path), HintedError);
	// As after `kill -9`: the file stays and nobody listens. (Closing would remove the file, so it is put back by a second bind elsewhere.)
	dead.close();
	await once(dead, "close");
	await leaveStaleSocket(path);
	assert.equal((await get(await socketOf(t, path), "/healthz")).status, 200);
});

test("what is no socket is not deleted to make room", async (t) => {
	const path = join(await folder(t), "admin.sock");
	await writeFile(path, "precious");
	await chmod(path, 0o600);
	await assert.rejects(socketOf(t, path), HintedError);
	assert.equal((await stat(path)).size, "precious".length);
});

test("a path that is too long for a socket is an error with a hint", async (t) => {
	await assert.rejects(socketOf(t, join(await folder(t), "x".repeat(100), "admin.sock")), /too long/);
});

test("an address that is taken is an error with a hint", async (t) => {
	const { port } = new URL((await probes(t)).address);
	await assert.rejects(
		listenOnTcp(
			createProbeApp(adminWorld().deps, () => []),
			{ host: "127.0.0.1", port: Number(port) },
		),
		HintedError,
	);
});

test("closing ends followers", async (t) => {
	const world = adminWorld();
	world.record(requestStarted());
	const listener = await listenOnSocket(createAdminApi(world.deps), join(await folder(t), "admin.sock"));
	const following = request({ socketPath: listener.address, path: "/v1/events?follow=true" });
	following.on("error", () => undefined);
	following.end();
	const [answer] = (await once(following, "response")) as [IncomingMessage];
	await once(answer, "data");
	const gone = new Promise<void>((resolve) => answer.on("error", () => undefined).once("close", resolve));
	answer.resume();
	await Promise.all([gone, listener.close()]);
	await assert.rejects(stat(listener.address), { code: "ENOENT" });
});

async function probes(t: TestContext): Promise<AdminListener> {
	const listener = await listenOnTcp(
		createProbeApp(adminWorld().deps, () => ["prometheus.internal"]),
		{ host: "127.0.0.1", port: 0 },
	);
	t.after(() => listener.close());
	return listener;
}

async function socketOf(t: TestContext, path: string): Promise<AdminListener> {
	const listener = await listenOnSocket(createAdminApi(adminWorld().deps), path);
	t.after(() => listener.close());
	return listener;
}

function get(
	{ address }: AdminListener,
	path: string,
	headers: Record<string, string> = {},
	method = "GET",
	body?: unknown,
): Promise<{ status: number; body: string }> {
	const where = address.startsWith("http") ? { host: "127.0.0.1", port: new URL(address).port } : { socketPath: address };
	return new Promise((resolve, reject) => {
		const sent = request(
			{ ...where, path, method, headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) } },
			(answer) => {
				let text = "";
				answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
				answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: text }));
			},
		);
		sent.on("error", reject);
		sent.end(body === undefined ? undefined : JSON.stringify(body));
	});
}

async function folder(t: TestContext): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), "rempart-admin-"));
	t.after(() => rm(directory, { recursive: true, force: true }));
	return directory;
}

/** Node removes the file when it closes a server; a hard link keeps it, and is then a socket that nobody listens on. */
async function leaveStaleSocket(path: string): Promise<void> {
	const { link } = await import("node:fs/promises");
	const other = createServer().listen(`${path}.other`);
	await once(other, "listening");
	await link(`${path}.other`, path);
	other.close();
	await once(other, "close");
}
