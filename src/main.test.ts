/** The process itself: what only a process can show. Few, because each starts one. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

import { folder } from "../test/support/cli.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

test("refuses to start with an insecure flag of the runtime", async (t) => {
	const child = rempart(t, ["serve", "--state", await folder(t)], { NODE_OPTIONS: "--insecure-http-parser" });
	const err = textOf(child.stderr);
	const [code] = await once(child, "close");
	assert.equal(code, 2);
	assert.match(await err, /^error: will not start with --insecure-http-parser in NODE_OPTIONS/);
});

test("up --json: ready, closed to strangers, open to the key; verbs reach it; SIGTERM drains and ends with 0", async (t) => {
	const state = await folder(t);
	const child = rempart(t, [
		"up",
		"--json",
		"--state",
		state,
		"--listen",
		"127.0.0.1:0",
		"--admin",
		"127.0.0.1:0",
		"--upstream",
		"http://127.0.0.1:9",
	]);
	const lines = createInterface({ input: child.stdout ?? process.stdin })[Symbol.asyncIterator]();
	const next = async (): Promise<Record<string, unknown>> => {
		const { value } = await lines.next();
		const parsed: unknown = JSON.parse(String(value));
		return { ...(typeof parsed === "object" ? parsed : {}) };
	};

	const { event, gateway, admin, ca, caSha256, key, upstream, demonstration } = await next();
	assert.equal(event, "ready");
	assert.match(String(admin), /^http:\/\/127\.0\.0\.1:\d+$/);
	assert.equal(ca, join(state, "tls", "ca.pem"));
	assert.match(String(caSha256), /^[0-9a-f]{64}$/);
	assert.match(String(key), /^rmp_live_/);
	assert.match(String(upstream), /^http:\/\/127\.0\.0\.1:\d+$/);
	assert.equal(demonstration, true);
	assert.deepEqual(await next(), { event: "proof", level: "ok", text: "a request without a key was refused (401)", next: null });

	const trust = await readFile(String(ca));
	assert.equal(await get(`${String(gateway)}/api/tags`, trust, null), 401);
	assert.equal(await get(`${String(gateway)}/api/tags`, trust, String(key)), 200);
	assert.equal((await fetch(`${String(admin)}/metrics`)).status, 200);

	const follower = rempart(t, ["events", "-f", "--json", "--type", "key-created", "--state", state]);
	const [first] = await once(createInterface({ input: follower.stdout ?? process.stdin }), "line");
	assert.match(String(first), /"type":"key-created".*"by":"set-up"/);
	follower.kill("SIGINT");
	assert.deepEqual(await once(follower, "close"), [0, null]);

	child.kill("SIGHUP");
	assert.equal((await next())["event"], "reloaded");
	child.kill("SIGTERM");
	assert.equal((await next())["event"], "draining");
	assert.equal((await next())["event"], "stopped");
	assert.deepEqual(await once(child, "close"), [0, null]);
});

test("a start that fails leaves nothing running: no gateway serves without its operators' side", async (t) => {
	const taken = createServer().listen(0, "127.0.0.1");
	t.after(() => void taken.close());
	await once(taken, "listening");
	const address = taken.address();
	assert.ok(typeof address === "object" && address !== null);
	const child = rempart(t, ["serve", "--state", await folder(t), "--listen", "127.0.0.1:0", "--admin", `127.0.0.1:${address.port}`]);
	const err = textOf(child.stderr);
	assert.deepEqual(await once(child, "close"), [2, null]);
	assert.match(await err, /^error: cannot listen on 127\.0\.0\.1:\d+/m);
});

test("a server goes on when nobody reads its words any more", async (t) => {
	const child = rempart(t, [
		"up",
		"--json",
		"--state",
		await folder(t),
		"--listen",
		"127.0.0.1:0",
		"--admin",
		"127.0.0.1:0",
		"--upstream",
		"http://127.0.0.1:9",
	]);
	const [first] = await once(createInterface({ input: child.stdout ?? process.stdin }), "line");
	const ready: unknown = JSON.parse(String(first));
	assert.ok(typeof ready === "object" && ready !== null && "gateway" in ready && "ca" in ready);
	child.stdout?.destroy();
	child.stderr?.destroy();
	// Makes it speak, into nothing.
	child.kill("SIGHUP");
	assert.equal(await get(`${String(ready.gateway)}/api/tags`, await readFile(String(ready.ca)), null), 401);
	child.kill("SIGTERM");
	assert.deepEqual(await once(child, "exit"), [0, null]);
});

function rempart(t: TestContext, words: readonly string[], environment: Record<string, string> = {}): ChildProcess {
	const child = spawn(process.execPath, [MAIN, ...words], {
		stdio: ["ignore", "pipe", "pipe"],
		env: { PATH: process.env["PATH"] ?? "", ...environment },
	});
	t.after(() => void child.kill("SIGKILL"));
	return child;
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
	let text = "";
	for await (const chunk of stream ?? []) text += String(chunk);
	return text;
}

function get(url: string, ca: Buffer, key: string | null): Promise<number> {
	return new Promise((resolve, reject) => {
		const headers = key === null ? {} : { authorization: `Bearer ${key}` };
		request(url, { ca, headers, agent: false }, (answer) => {
			answer.resume();
			resolve(answer.statusCode ?? 0);
		})
			.on("error", reject)
			.end();
	});
}
