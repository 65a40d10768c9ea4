/** Every decision is on record before its effect can be relied upon, and nothing is served that cannot be recorded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../../src/model/event.ts";
import { Fault } from "../../src/model/fault.ts";
import { ask, chat } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway } from "../support/gateway.ts";
import { HeldEventLog, startHeldGateway } from "../support/held-gateway.ts";
import { connectRaw, requestRaw } from "../support/raw-client.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

const LINE = '{"model":"door","message":{"role":"assistant","content":"x"},"done":false}\n';
const LAST = '{"model":"door","message":{"role":"assistant","content":""},"done":true,"prompt_eval_count":3,"eval_count":5}\n';

test("one start and one end for every request, permitted or refused", async () => {
	await using upstream = await startWorkedUpstream({ script: (request) => request.respond(200, '{"models":[]}') });
	await using gateway = await startGateway({ upstreams: [upstream.url] });
	const key = await gateway.createKey("reader");
	const asks = [
		ask({}),
		ask({ key }),
		ask({ key, path: "/nowhere" }),
		ask({ key, path: "/api/pull", json: { model: "x" } }),
		Buffer.from("rubbish\r\n\r\n"),
	];
	for (const bytes of asks) await requestRaw({ port: gateway.port }, bytes);
	await eventually(async () => (await gateway.events("request-ended")).length === asks.length);
	const starts = await gateway.events("request-started");
	const ends = await gateway.events("request-ended");
	assert.deepEqual(
		starts.map(({ request, decision, reason, operation }) => [request, decision, reason, operation]),
		ends.map(({ request, outcome, reason, operation }) => [request, outcome === "completed" ? "permit" : "deny", reason, operation]),
	);
	assert.deepEqual(
		ends.map(({ outcome, status, reason }) => `${outcome} ${status} ${reason}`),
		[
			"refused 401 credential-missing",
			"completed 200 null",
			"refused 404 operation-unknown",
			"refused 403 class-denied",
			"refused 400 request-malformed",
		],
	);
});

test("what only answers begins at once, and its last byte waits for the record", async () => {
	await using upstream = await startWorkedUpstream();
	const log = new HeldEventLog();
	await using gateway = await startHeldGateway({ upstream: upstream.url, log });
	const client = await connectRaw({ port: gateway.port });
	await client.send(chat(gateway.key));
	const request = await upstream.nextWork();
	assert.deepEqual(log.types(), ["request-started"]);
	await request.startStream();
	await request.chunk(LINE);
	assert.equal((await client.readHead()).status, 200);
	assert.equal((await client.readChunk())?.toString("utf8"), LINE);
	await request.chunk(LAST);
	await request.finish();
	await eventually(() => upstream.fake.connections.length > 0);
	assert.equal(client.unread.includes("0\r\n\r\n"), false);
	log.commit();
	assert.equal((await client.readChunk())?.toString("utf8"), LAST);
	assert.equal(await client.readChunk(), null);
	client.destroy();
});

test("what changes something is not sent on before its record is on disk", async () => {
	await using upstream = await startWorkedUpstream({ script: (request) => request.respond(200, "") });
	const log = new HeldEventLog();
	await using gateway = await startHeldGateway({ upstream: upstream.url, log });
	const client = await connectRaw({ port: gateway.port });
	await client.send(ask({ method: "DELETE", path: "/api/delete", key: gateway.key, json: { model: "door" } }));
	await eventually(() => log.types().includes("request-started"));
	assert.equal(upstream.work.length, 0);
	log.commit();
	assert.equal((await client.readResponse()).status, 200);
	assert.equal(upstream.work.length, 1);
	client.destroy();
});

test("a log that fails while an answer streams costs the answer its end", async () => {
	await using upstream = await startWorkedUpstream();
	const log = new HeldEventLog();
	await using gateway = await startHeldGateway({ upstream: upstream.url, log });
	const client = await connectRaw({ port: gateway.port });
	await client.send(chat(gateway.key));
	const request = await upstream.nextWork();
	await request.startStream();
	await request.chunk(LINE);
	await client.readHead();
	await request.chunk(LAST);
	await request.finish();
	log.fail(new Fault("event-log-unavailable", "disk full"));
	const rest = (await client.readToEnd()).toString("utf8");
	assert.ok(!rest.endsWith("0\r\n\r\n"));
});

test("while the log cannot be written nothing is served, and a stranger learns nothing of it", async () => {
	await using upstream = await startWorkedUpstream();
	const log = new HeldEventLog();
	await using gateway = await startHeldGateway({ upstream: upstream.url, log });
	log.available = false;
	const refused = await requestRaw({ port: gateway.port }, chat(gateway.key));
	assert.equal(refused.status, 503);
	assert.match(refused.text(), /cannot be recorded/);
	assert.equal((await requestRaw({ port: gateway.port }, ask({}))).status, 401);
	assert.equal(upstream.work.length, 0);
});

test("no prompt and no answer is in any event", async () => {
	await using upstream = await startWorkedUpstream({
		script: (request) => request.respond(200, '{"model":"door","response":"ANSWER-CANARY","done":true}'),
	});
	const log = new HeldEventLog();
	log.commit();
	await using gateway = await startHeldGateway({ upstream: upstream.url, log });
	await requestRaw(
		{ port: gateway.port },
		ask({ path: "/api/generate", key: gateway.key, json: { model: "door", prompt: "PROMPT-CANARY", stream: false } }),
	);
	await eventually(() => log.types().includes("request-ended"));
	const text = JSON.stringify(log.events satisfies readonly Event[]);
	assert.equal(/CANARY|rmp_live/.test(text), false);
});
