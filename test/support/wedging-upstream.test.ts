import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { assertSameAnswer } from "./compare-answers.ts";
import { connectRaw, requestRaw } from "./raw-client.ts";
import { recordedConnections } from "./recorded-frames.ts";
import { startWedgingUpstream, type WedgingUpstream } from "./wedging-upstream.ts";

const AFTER = 3;
const UNLOAD = post("/api/generate", { model: "door", keep_alive: 0 });
const ASK = post("/api/generate", { model: "door", prompt: "who?", stream: false });

test("answers as long as fewer streams were aborted", async (t) => {
	const upstream = await started(t);
	for (let aborted = 1; aborted < AFTER; aborted += 1) await abort(upstream, "door");
	assert.equal((await requestRaw(upstream, ASK)).status, 200);
});

test("hangs for ever afterwards, says what was recorded when the caller leaves, and looks healthy all the while", async (t) => {
	const upstream = await started(t);
	for (let aborted = 0; aborted < AFTER; aborted += 1) await abort(upstream, "door");
	const [recorded] = recordedConnections("upstream-wedged");
	const [answer] = recorded?.responses ?? [];
	assert.ok(recorded !== undefined && answer !== undefined);
	const client = await connectRaw(upstream);
	await client.send(recorded.sent);
	for (const path of ["/", "/api/tags", "/api/ps", "/api/version"]) {
		assert.equal((await requestRaw(upstream, `GET ${path} HTTP/1.1\r\nHost: a.local\r\n\r\n`)).status, 200);
	}
	assert.equal(client.unread.length, 0);
	client.halfClose();
	assertSameAnswer(await client.readResponse(), answer);
	client.destroy();
});

test("wedges only the model whose streams were aborted", async (t) => {
	const upstream = await started(t);
	upstream.wedge("door");
	assert.equal(
		(await requestRaw(upstream, post("/api/chat", { model: "door-think", messages: [{ role: "user", content: "x" }] }))).status,
		200,
	);
});

test("is cured by unloading the model", async (t) => {
	const upstream = await started(t);
	upstream.wedge("DOOR:latest".toLowerCase());
	assert.ok(upstream.isWedged("door"));
	assert.match((await requestRaw(upstream, UNLOAD)).text(), /"done_reason":"unload"/);
	assert.ok(!upstream.isWedged("door"));
	assert.match((await requestRaw(upstream, ASK)).text(), /The door is closed/);
});

async function started(t: TestContext): Promise<WedgingUpstream> {
	const upstream = await startWedgingUpstream({ afterAborted: AFTER });
	t.after(() => upstream.close());
	return upstream;
}

/** Leaves a stream after its first line, and waits until the runner has noticed. */
async function abort(upstream: WedgingUpstream, model: string): Promise<void> {
	const client = await connectRaw(upstream);
	await client.send(post("/api/generate", { model, prompt: "x", options: { num_predict: 100_000 } }));
	await client.readUntil("\n");
	client.halfClose();
	await client.closed;
	client.destroy();
}

function post(path: string, body: unknown): string {
	const json = JSON.stringify(body);
	return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`;
}
