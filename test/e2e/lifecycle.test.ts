/** Starting, reloading, handing over and stopping while callers are there. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import tls from "node:tls";
import { loadConfig } from "../../src/app/running-settings.ts";
import { startServer } from "../../src/app/start-server.ts";
import { ask, chat } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import { recordedEvents, startGateway } from "../support/gateway.ts";
import { connectRaw, requestRaw } from "../support/raw-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

const LAST = '{"model":"door","message":{"role":"assistant","content":""},"done":true,"prompt_eval_count":3,"eval_count":5}\n';

test("a stopping gateway lets the running stream end and takes nothing new", async () => {
	await using upstream = await startWorkedUpstream();
	const gateway = await startGateway({ upstreams: [upstream.url], yaml: "limits: { drain_timeout: 30s }\n" });
	const key = await gateway.createKey("user");
	const streaming = await connectRaw({ port: gateway.port });
	const idle = await connectRaw({ port: gateway.port });
	await idle.send(ask({ key }));
	const listed = await upstream.nextWork();
	await listed.respond(200, '{"models":[]}');
	await idle.readResponse();
	await streaming.send(chat(key));
	const request = await upstream.nextWork();
	await request.startStream();
	await streaming.readHead();

	const stopped = gateway.server.stop();
	await idle.closed;
	await assert.rejects(connectRaw({ port: gateway.port }));
	await request.chunk(LAST);
	await request.finish();
	assert.equal((await streaming.readChunk())?.toString("utf8"), LAST);
	assert.equal(await streaming.readChunk(), null);
	await stopped;
	const events = await recordedEvents(gateway.stateDirectory);
	const [end] = events.filter((event) => event.type === "request-ended" && event.operation === "chat");
	assert.ok(end?.type === "request-ended" && end.outcome === "completed");
	const last = events.at(-1);
	assert.ok(last?.type === "server-stopped" && last.cut === 0);
	await gateway[Symbol.asyncDispose]();
});

test("what still runs at the end of the drain is cut visibly and recorded", async () => {
	await using upstream = await startWorkedUpstream();
	const gateway = await startGateway({ upstreams: [upstream.url], yaml: "limits: { drain_timeout: 100ms }\n" });
	const key = await gateway.createKey("user");
	const client = await connectRaw({ port: gateway.port });
	await client.send(chat(key));
	const request = await upstream.nextWork();
	await request.startStream();
	await request.chunk('{"done":false}\n');
	await client.readHead();
	await gateway.server.stop();
	const rest = (await client.readToEnd()).toString("utf8");
	assert.match(rest, /\{"error":"the server is shutting down/);
	assert.ok(!rest.endsWith("0\r\n\r\n"));
	await request.connection.departed;
	const events = await recordedEvents(gateway.stateDirectory);
	const ends = events.filter((event) => event.type === "request-ended");
	assert.equal(ends.length, 1);
	assert.ok(ends[0]?.type === "request-ended" && ends[0].outcome === "cut");
	await gateway[Symbol.asyncDispose]();
});

test("two hundred reloads, good and bad, under traffic: no request fails and a bad one is never in force", async () => {
	await using upstream = await startWorkedUpstream({ script: (request) => request.respond(200, '{"models":[]}') });
	const rates = "admission: { requests_per_minute: 1000000, burst: 100000 }\n";
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: rates });
	const key = await gateway.createKey("reader");
	const good = (await import("node:fs")).readFileSync(gateway.configFile, "utf8");
	let stop = false;
	const failures: number[] = [];
	const traffic = Array.from({ length: 4 }, async () => {
		const client = await connectRaw({ port: gateway.port });
		for (let sent = 0; !stop && sent < 900; sent++) {
			await client.send(ask({ key }));
			const { status } = await client.readResponse();
			if (status !== 200) failures.push(status);
		}
		client.destroy();
	});
	for (let round = 0; round < 200; round++) {
		const bad = round % 2 === 1;
		await writeFile(gateway.configFile, bad ? `${good}roles: { reader: { classes: [everything] } }\n` : good);
		const outcome = await gateway.server.reload();
		assert.equal(outcome.reloaded, !bad);
	}
	stop = true;
	await Promise.all(traffic);
	assert.deepEqual(failures, []);
	await eventually(async () => (await gateway.events("config-rejected")).length === 100);
	assert.equal((await gateway.events("config-reloaded")).length, 100);
});

test("a role that is changed by a reload holds for the very next request", async () => {
	await using upstream = await startWorkedUpstream({ script: (request) => request.respond(200, '{"models":[]}') });
	await using gateway = await startGateway({ upstreams: [upstream.url] });
	const key = await gateway.createKey("reader");
	const status = async () => (await requestRaw({ port: gateway.port }, ask({ key }))).status;
	assert.equal(await status(), 200);
	const before = (await import("node:fs")).readFileSync(gateway.configFile, "utf8");
	await writeFile(gateway.configFile, `${before}roles: { reader: { classes: [probe] } }\n`);
	assert.equal((await gateway.server.reload()).reloaded, true);
	assert.equal(await status(), 403);
});

test("bounds of connections hold after a reload, at the address and at the socket", async (t) => {
	await using upstream = await startWorkedUpstream();
	const path = join(temporaryDirectory(t), "gateway.sock");
	const yaml = `gateway: { listen: "127.0.0.1:0", tls: { mode: off }, socket: "${path}" }\n`;
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml });
	/** Two connections at once, each with a request of a stranger. */
	const outcomes = async (open: () => Socket): Promise<readonly string[]> => {
		const sockets = [open(), open()];
		for (const socket of sockets) socket.on("error", () => undefined);
		await Promise.all(sockets.map((socket) => once(socket, "connect")));
		const asked = sockets.map((socket) => {
			socket.write(ask({}));
			return new Promise<string>((resolve) => socket.once("data", () => resolve("answered")).once("close", () => resolve("closed")));
		});
		const all = await Promise.all(asked);
		for (const socket of sockets) socket.destroy();
		await eventually(async () => /"connections":0,/.test((await gateway.admin.get("/v1/status")).text));
		return all.toSorted();
	};
	const ways = [() => connect(gateway.port, "127.0.0.1"), () => connect(path)];
	for (const way of ways) assert.deepEqual(await outcomes(way), ["answered", "answered"]);
	const before = await readFile(gateway.configFile, "utf8");
	const one = "limits: { connections: { total: 1, per_address: 1, unauthenticated_per_address: 1 },";
	await writeFile(gateway.configFile, before.replace("limits: {", one));
	assert.deepEqual(await gateway.server.reload().then((outcome) => outcome.reloaded && outcome.notes), []);
	for (const way of ways) assert.deepEqual(await outcomes(way), ["answered", "closed"]);
});

test("a reload finds nothing changed where a demonstration stands in for the upstreams", async (t) => {
	const directory = temporaryDirectory(t);
	const configFile = join(directory, "rempart.yaml");
	await writeFile(
		configFile,
		'gateway: { listen: "127.0.0.1:0" }\nadmin: { listen: "127.0.0.1:0" }\nupstreams: [{ name: a, url: http://127.0.0.1:9 }]\n',
	);
	const loaded = await loadConfig(configFile, {});
	assert.ok("config" in loaded);
	const server = await startServer({
		loaded,
		overrides: {},
		stateDirectory: join(directory, "state"),
		configFile,
		demonstration: "when-absent",
		firstKey: true,
		clock: Date.now,
	});
	assert.ok(server.ready.demonstration && server.ready.key !== null);
	const outcome = await server.reload();
	await server.stop();
	assert.deepEqual(outcome.reloaded && outcome.notes, []);
});

test("a further name holds after a reload: as Host here and at the admin listener, and in the certificate", async () => {
	await using upstream = await startWorkedUpstream({ script: (request) => request.respond(200, '{"models":[]}') });
	await using gateway = await startGateway({ upstreams: [upstream.url], tls: true });
	const admin = { port: Number(new URL(gateway.adminUrl).port) };
	const probe = async () => (await requestRaw(admin, Buffer.from("GET /healthz HTTP/1.1\r\nHost: gpu.example.org\r\n\r\n"))).status;
	const certified = async () => {
		const { certificate } = (await gateway.admin.get("/v1/status")).json() as { certificate: { names: readonly string[] } };
		return certificate.names.includes("gpu.example.org");
	};
	assert.deepEqual([await probe(), await certified()], [421, false]);
	const before = await readFile(gateway.configFile, "utf8");
	await writeFile(gateway.configFile, before.replace("gateway: {", "gateway: { names: [gpu.example.org],"));
	assert.deepEqual(await gateway.server.reload().then((outcome) => outcome.reloaded && outcome.notes), []);
	assert.deepEqual([await probe(), await certified()], [200, true]);
	const socket = tls.connect({ host: "127.0.0.1", port: gateway.port, servername: "gpu.example.org", ca: gateway.ca });
	await once(socket, "secureConnect");
	assert.ok(socket.authorized);
	socket.destroy();
});

test("a key that was revoked is refused at the very next request, on an open connection too", async () => {
	await using upstream = await startWorkedUpstream({ script: (request) => request.respond(200, '{"models":[]}') });
	await using gateway = await startGateway({ upstreams: [upstream.url] });
	const key = await gateway.createKey("reader");
	const client = await connectRaw({ port: gateway.port });
	await client.send(ask({ key }));
	assert.equal((await client.readResponse()).status, 200);
	const id = key.split("_")[2] ?? "";
	assert.equal((await gateway.admin.post(`/v1/keys/${id}/revoke`, {})).status, 200);
	await client.send(ask({ key }));
	assert.equal((await client.readResponse()).status, 401);
	client.destroy();
});

test("a stream of a key that is revoked is cut at once, and nobody else's", async () => {
	await using upstream = await startWorkedUpstream();
	await using gateway = await startGateway({ upstreams: [upstream.url] });
	const [good, bad] = [await gateway.createKey("user"), await gateway.createKey("user")];
	const begin = async (key: string) => {
		const client = await connectRaw({ port: gateway.port });
		await client.send(chat(key));
		const request = await upstream.nextWork();
		await request.startStream();
		await client.readHead();
		return { client, request };
	};
	const [staying, leaving] = [await begin(good), await begin(bad)];
	await gateway.admin.post(`/v1/keys/${bad.split("_")[2]}/revoke`, {});
	await leaving.request.connection.departed;
	assert.match((await leaving.client.readToEnd()).toString("utf8"), /\{"error":"a valid credential is needed/);
	await staying.request.chunk(LAST);
	await staying.request.finish();
	assert.equal((await staying.client.readChunk())?.toString("utf8"), LAST);
	staying.client.destroy();
	await eventually(async () =>
		(await gateway.events("request-ended")).some(({ outcome, reason }) => outcome === "cut" && reason === "credential-revoked"),
	);
});
