/** The demonstration server as a server: life, connections, what changes its store. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";

import { connectRaw, requestRaw } from "../../test/support/raw-client.ts";
import { type Demonstration, startDemonstration } from "./server.ts";

test("does not start on a port that is taken", async (t) => {
	const { port } = await started(t);
	await assert.rejects(startDemonstration({ host: "127.0.0.1", port, clock: Date.now }), /EADDRINUSE/);
});

test("answers what is no HTTP as Go does, and goes on", async (t) => {
	const server = await started(t);
	const answer = await requestRaw(server, "\u0000\u0000\r\n\r\n");
	assert.equal(answer.text(), "400 Bad Request");
	assert.equal((await ask(server, "GET", "/")).text(), "Ollama is running");
});

test("closing ends open streams", async (t) => {
	const server = await started(t);
	const client = await connectRaw(server);
	await client.send(request("POST", "/api/generate", { model: "door-endless", prompt: "x" }));
	await client.readUntil("clack");
	await server.close();
	assert.match(await client.closed, /end|ECONNRESET/);
	client.destroy();
});

test("keeps one connection for many requests, read or not", async (t) => {
	const client = await connectRaw(await started(t));
	t.after(() => client.destroy());
	const digest = `sha256:${createHash("sha256").update("x".repeat(300_000)).digest("hex")}`;
	await client.send(request("POST", `/api/blobs/${digest}`, "x".repeat(300_000)));
	assert.equal((await client.readResponse()).status, 201);
	// The second upload is answered without being read.
	await client.send(request("POST", `/api/blobs/${digest}`, "x".repeat(300_000)));
	assert.equal((await client.readResponse()).status, 200);
	await client.send(request("POST", "/api/generate", { model: "door", prompt: "x" }));
	assert.match((await client.readResponse()).text(), /"done":true/);
	await client.send(request("GET", "/api/version"));
	assert.equal((await client.readResponse()).header("connection"), null);
});

test("takes its dates from the clock", async (t) => {
	const server = await startDemonstration({ host: "127.0.0.1", port: 0, clock: () => Date.UTC(2001, 1, 3, 4, 5, 6) });
	t.after(() => server.close());
	const answer = await ask(server, "POST", "/v1/chat/completions", { model: "door", messages: [{ role: "user", content: "x" }] });
	assert.equal(answer.header("date"), "Sat, 03 Feb 2001 04:05:06 GMT");
	assert.match(answer.text(), /"created":981173106/);
});

test("dates all chunks of a chat alike, however long it takes", async (t) => {
	let now = Date.UTC(2001, 1, 3);
	const server = await startDemonstration({ host: "127.0.0.1", port: 0, clock: () => (now += 1000) });
	t.after(() => server.close());
	const answer = await ask(server, "POST", "/v1/chat/completions", {
		model: "door",
		messages: [{ role: "user", content: "x" }],
		stream: true,
	});
	assert.equal(new Set(answer.text().match(/"created":\d+/g)).size, 1);
});

test("pulls its one model, with layers and progress, and can run it then", async (t) => {
	const server = await started(t);
	assert.equal((await ask(server, "POST", "/api/generate", { model: "door-visitor", prompt: "x" })).status, 404);
	const lines = (await ask(server, "POST", "/api/pull", { model: "door-visitor" })).text().trimEnd().split("\n");
	assert.deepEqual(
		[lines[0], ...lines.slice(-3)],
		[
			'{"status":"pulling manifest"}',
			...["verifying sha256 digest", "writing manifest", "success"].map((status) => `{"status":"${status}"}`),
		],
	);
	for (const line of lines.slice(1, -3))
		assert.match(line, /^\{"status":"pulling [0-9a-f]{12}","digest":"sha256:[0-9a-f]{64}","total":\d+(?:,"completed":\d+)?\}$/);
	assert.match(
		(await ask(server, "POST", "/api/generate", { model: "door-visitor", prompt: "x", stream: false })).text(),
		/The door is closed/,
	);
	assert.equal((await ask(server, "POST", "/api/pull", { model: "DOOR-visitor", stream: false })).text(), '{"status":"success"}');
});

test("makes a model of an uploaded file, shows it, and deletes it with its layers", async (t) => {
	const server = await started(t);
	const file = "GGUF and the rest of a file";
	const digest = `sha256:${createHash("sha256").update(file).digest("hex")}`;
	assert.equal((await ask(server, "POST", `/api/blobs/${digest}`, file)).status, 201);
	const made = await ask(server, "POST", "/api/create", {
		model: "made",
		files: { "a.gguf": digest },
		template: "{{ .Prompt }}<|think|>",
		system: "Be a door.",
		parameters: { stop: ["a"] },
	});
	assert.match(made.text(), /parsing GGUF[^]*verifying conversion[^]*creating new layer[^]*writing manifest[^]*success/);
	const shown = (await ask(server, "POST", "/api/show", { model: "made" })).text();
	for (const part of ["SYSTEM Be a door.", "PARAMETER stop a", digest.replace(":", "-"), "u003c|think|"])
		assert.ok(shown.includes(part), part);
	assert.equal((await ask(server, "DELETE", "/api/delete", { model: "made" })).status, 200);
	assert.equal((await ask(server, "POST", "/api/show", { model: "made" })).status, 404);
	assert.equal((await ask(server, "HEAD", `/api/blobs/${digest}`)).status, 404);
});

test("makes no model of a file that is no model", async (t) => {
	const server = await started(t);
	const digest = `sha256:${createHash("sha256").update("text").digest("hex")}`;
	await ask(server, "POST", `/api/blobs/${digest}`, "text");
	assert.equal((await ask(server, "POST", "/api/create", { model: "made", files: { a: digest } })).text(), '{"error":"unknown type"}');
});

test("two servers share nothing", async (t) => {
	const [one, other] = [await started(t), await started(t)];
	await ask(one, "POST", "/api/copy", { source: "door", destination: "mine" });
	assert.equal((await ask(one, "POST", "/api/show", { model: "mine" })).status, 200);
	assert.equal((await ask(other, "POST", "/api/show", { model: "mine" })).status, 404);
});

async function started(t: TestContext): Promise<Demonstration> {
	const server = await startDemonstration({ host: "127.0.0.1", port: 0, clock: Date.now });
	t.after(() => server.close());
	return server;
}

function ask(server: Demonstration, method: string, path: string, body?: unknown) {
	return requestRaw(server, request(method, path, body));
}

function request(method: string, path: string, body?: unknown): string {
	if (body === undefined) return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
	const text = typeof body === "string" ? body : JSON.stringify(body);
	return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}
