/** What becomes of a request whose caller leaves or whose upstream fails, in every phase, over real sockets. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test } from "node:test";
import { ask, chat } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway } from "../support/gateway.ts";
import { ggufBytes } from "../support/gguf-bytes.ts";
import { connectRaw } from "../support/raw-client.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

const LINE = '{"model":"door","message":{"role":"assistant","content":"x"},"done":false}\n';
const LAST =
	'{"model":"door","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":5}\n';

async function world(yaml = "", options?: Parameters<typeof startWorkedUpstream>[0]) {
	await using stack = new AsyncDisposableStack();
	const upstream = stack.use(await startWorkedUpstream(options));
	const gateway = stack.use(await startGateway({ upstreams: [upstream.url], yaml }));
	const key = await gateway.createKey("user");
	const kept = stack.move();
	return { upstream, gateway, key, connect: () => connectRaw({ port: gateway.port }), [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

suite("a caller who leaves cancels the upstream", () => {
	test("while it waits for the head of the answer", async () => {
		await using w = await world();
		const client = await w.connect();
		await client.send(chat(w.key));
		const request = await w.upstream.nextWork();
		client.destroy();
		await request.connection.departed;
		const ended = await waitForEnd(w);
		assert.equal(ended.outcome, "abandoned");
		assert.equal(ended.phase, "waiting");
		assert.equal(ended.status, 499);
	});

	test("by a FIN alone", async () => {
		await using w = await world();
		const client = await w.connect();
		await client.send(chat(w.key));
		const request = await w.upstream.nextWork();
		client.halfClose();
		await request.connection.departed;
		assert.equal((await waitForEnd(w)).outcome, "abandoned");
	});

	test("in the middle of a stream, and is charged for what was seen", async () => {
		await using w = await world();
		const client = await w.connect();
		await client.send(chat(w.key));
		const request = await w.upstream.nextWork();
		await request.startStream();
		for (let token = 0; token < 3; token++) await request.chunk(LINE);
		await client.readHead();
		let seen = 0;
		while (seen < 3 * LINE.length) seen += (await client.readChunk())?.length ?? 0;
		client.destroy();
		await request.connection.departed;
		const ended = await waitForEnd(w);
		assert.equal(ended.outcome, "abandoned");
		assert.equal(ended.phase, "streaming");
		assert.equal(ended.usage?.outputTokens, 3);
		assert.equal(ended.usage?.estimated, true);
	});

	test("while it waits in the queue, and its place is free again", async () => {
		await using w = await world("admission: { concurrency: { total: 1 } }\n");
		const [first, second, third] = [await w.connect(), await w.connect(), await w.connect()];
		await first.send(chat(w.key));
		const running = await w.upstream.nextWork();
		await second.send(chat(w.key));
		await eventually(async () => (await w.gateway.events("request-started")).length === 2);
		second.destroy();
		const left = await waitForEnd(w);
		assert.equal(left.outcome, "abandoned");
		assert.equal(left.phase, "queued");
		await third.send(chat(w.key));
		await running.startStream();
		await running.chunk(LAST);
		await running.finish();
		const next = await w.upstream.nextWork();
		await next.startStream();
		await next.chunk(LAST);
		await next.finish();
		assert.equal((await third.readResponse()).status, 200);
		assert.equal(w.upstream.work.length, 2);
	});
});

suite("an upstream that fails is seen by the caller", () => {
	test("refusing connections: 502 in the caller's dialect", async () => {
		await using w = await world();
		await w.upstream.fake.close();
		for (const [path, shape] of [
			["/api/chat", /^\{"error":"/],
			["/v1/chat/completions", /^\{"error":\{"message":/],
			["/v1/messages", /^\{"type":"error","error":\{"type":"api_error"/],
		] as const) {
			const client = await w.connect();
			await client.send(ask({ path, key: w.key, json: { model: "door", max_tokens: 5, messages: [{ role: "user", content: "x" }] } }));
			const answer = await client.readResponse();
			assert.equal(answer.status, 502);
			assert.match(answer.text(), shape);
			assert.match(answer.header("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
			client.destroy();
		}
	});

	test("closing before it answers: 502", async () => {
		await using w = await world("", { script: (request) => request.connection.end() });
		const client = await w.connect();
		await client.send(chat(w.key));
		assert.equal((await client.readResponse()).status, 502);
	});

	test("answering with something that is not HTTP: 502", async () => {
		await using w = await world("", { script: (request) => request.connection.send("hello\n\n") });
		const client = await w.connect();
		await client.send(chat(w.key));
		assert.equal((await client.readResponse()).status, 502);
	});

	test("answering a list with something that cannot be filtered: 502, and none of it", async () => {
		await using w = await world("", { script: (request) => request.respond(200, '{"secret":"of another"}') });
		const client = await w.connect();
		await client.send(ask({ key: w.key }));
		const answer = await client.readResponse();
		assert.equal(answer.status, 502);
		assert.equal(answer.text().includes("of another"), false);
		assert.equal((await waitForEnd(w)).outcome, "fault");
	});

	test("never answering: 504 after the first byte's time limit", async () => {
		await using w = await world("upstream: { first_byte_timeout: 100ms }\nwedge: { detect: false }\n", { script: () => undefined });
		const client = await w.connect();
		await client.send(chat(w.key));
		const answer = await client.readResponse();
		assert.equal(answer.status, 504);
		assert.equal(answer.header("retry-after"), "5");
		await w.upstream.work[0]?.connection.departed;
	});

	for (const [what, path, frame] of [
		["NDJSON", "/api/chat", /\n\{"error":"[^"]+"\}\n$/],
		["OpenAI's SSE", "/v1/chat/completions", /data: \{"error":\{/],
		["Anthropic's SSE", "/v1/messages", /event: error\ndata: \{"type":"error"/],
	] as const) {
		test(`breaking off in the middle of a stream: a last error in ${what}, and no end of the body`, async () => {
			await using w = await world();
			const client = await w.connect();
			await client.send(
				ask({ path, key: w.key, json: { model: "door", max_tokens: 5, stream: true, messages: [{ role: "user", content: "x" }] } }),
			);
			const request = await w.upstream.nextWork();
			await request.startStream(path === "/api/chat" ? "application/x-ndjson" : "text/event-stream");
			await request.chunk(path === "/api/chat" ? LINE : 'data: {"choices":[]}\n\n');
			await client.readHead();
			await client.readChunk();
			request.connection.reset();
			const rest = (await client.readToEnd()).toString("utf8");
			assert.match(`\n${rest.replace(/^[0-9a-f]+\r\n/, "").replace(/\r\n$/, "")}`, frame);
			assert.ok(!rest.endsWith("0\r\n\r\n"));
			const ended = await waitForEnd(w);
			assert.equal(ended.outcome, "fault");
			assert.equal(ended.fault, "upstream-truncated");
		});
	}

	test("breaking off in an answer with a length: fewer bytes and the end of the connection", async () => {
		await using w = await world();
		const client = await w.connect();
		await client.send(chat(w.key, { stream: false }));
		const request = await w.upstream.nextWork();
		await request.connection.send('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":');
		await client.readHead();
		request.connection.end();
		assert.ok((await client.readToEnd()).length < 100);
	});
});

test("a kept connection that the upstream closed meanwhile costs the caller nothing", async () => {
	await using w = await world("", {
		script: async (request) => {
			await request.respond(200, '{"done":true}');
			request.connection.end();
		},
	});
	for (let round = 0; round < 20; round++) {
		const client = await w.connect();
		await client.send(chat(w.key, { stream: false }));
		assert.equal((await client.readResponse()).status, 200);
		client.destroy();
	}
});

test("a caller that reads nothing pauses the upstream, and the memory between them stays small", async () => {
	await using w = await world();
	const client = await w.connect();
	client.socket.pause();
	await client.send(chat(w.key));
	const request = await w.upstream.nextWork();
	await request.startStream();
	const megabyte = "x".repeat(1024 * 1024 - 1);
	let sent = 0;
	let blocked = false;
	while (!blocked && sent < 64) {
		const out = request.chunk(`${megabyte}\n`).then(() => "sent" as const);
		blocked = (await Promise.race([out, pausedFor(500)])) === "paused";
		sent += 1;
	}
	assert.ok(blocked, "the upstream could send 64 MiB to a caller that reads nothing");
	// What the kernels' buffers of two loopback connections swallow, and one read of ours.
	assert.ok(sent <= 20, `${sent} MiB went in`);
	client.destroy();
});

test("every byte of an upload but its last goes on as it comes", async () => {
	await using w = await world();
	const file = ggufBytes({ tensors: [{ name: "t", dims: [75_000n], type: 0, offset: 0n }], data: Buffer.alloc(300_000, 7) });
	const client = await w.connect();
	const path = `/api/blobs/sha256:${createHash("sha256").update(file).digest("hex")}`;
	const fields = [["Content-Length", String(file.length)]] as const;
	const head = ask({ method: "POST", path, key: await w.gateway.createKey("admin"), fields });
	await client.send(Buffer.concat([head, file.subarray(0, -1)]));
	const request = await w.upstream.nextWork();
	await eventually(() => request.bodySoFar.length === file.length - 1);
	await client.send(file.subarray(-1));
	assert.deepEqual(await request.body, file);
	client.destroy();
});

test("what is sent upstream has no credential, our Host and canonical framing", async () => {
	await using w = await world();
	const client = await w.connect();
	const fields = [
		["X-Api-Key", w.key],
		["Cookie", "session=1"],
		["X-Forwarded-For", "10.0.0.1"],
		["Proxy", "http://evil"],
		["X-Real-IP", "10.0.0.1"],
		["X-Original-URL", "/api/pull"],
		["Accept-Encoding", "gzip"],
	] as const;
	await client.send(ask({ path: "/api/chat?x=1", key: w.key, fields, body: ' { "messages" : [ ] , "model":"DOOR" } ' }));
	const request = await w.upstream.nextWork();
	assert.equal(request.target, "/api/chat");
	assert.deepEqual(request.headers.map(([name]) => name.toLowerCase()).toSorted(), [
		"content-length",
		"content-type",
		"host",
		"x-forwarded-for",
		"x-request-id",
	]);
	assert.deepEqual(request.header("host"), [`127.0.0.1:${w.upstream.fake.port}`]);
	assert.deepEqual(request.header("x-forwarded-for"), ["127.0.0.1"]);
	assert.equal((await request.body).toString("utf8").includes(" "), false);
	client.destroy();
});

suite("several upstreams", () => {
	test("a request goes where its model is, and elsewhere when that upstream is down", async () => {
		const answer = (name: string) => ({
			script: (request: { respond(status: number, body: string): Promise<void> }) => request.respond(200, `{"from":"${name}","done":true}`),
		});
		await using one = await startWorkedUpstream({ models: ["alpha"], ...answer("one") });
		await using two = await startWorkedUpstream({ models: ["beta"], ...answer("two") });
		await using gateway = await startGateway({ upstreams: [one.url, two.url] });
		const key = await gateway.createKey("user");
		const from = async (model: string): Promise<string> => {
			const client = await connectRaw({ port: gateway.port });
			await client.send(chat(key, { model, stream: false }));
			const answer = await client.readResponse();
			client.destroy();
			return `${answer.status} ${answer.text()}`;
		};
		assert.match(await from("alpha"), /"from":"one"/);
		assert.match(await from("beta"), /"from":"two"/);
		const lister = await connectRaw({ port: gateway.port });
		await lister.send(ask({ key }));
		const listed = (await lister.readResponse()).json() as { models: readonly { name: string }[] };
		assert.deepEqual(
			listed.models.map(({ name }) => name),
			["alpha:latest", "beta:latest"],
		);
		lister.destroy();
		await one.fake.close();
		assert.match(await from("alpha"), /"from":"two"/);
		await eventually(async () => (await gateway.events("upstream-down")).length > 0);
		const down = await gateway.events("upstream-down");
		assert.deepEqual(
			down.map(({ upstream }) => upstream),
			["up0"],
		);
	});
});

async function waitForEnd(w: { readonly gateway: Awaited<ReturnType<typeof startGateway>> }) {
	await eventually(async () => (await w.gateway.events("request-ended")).length > 0);
	const [ended] = await w.gateway.events("request-ended");
	assert.ok(ended !== undefined);
	return ended;
}

function pausedFor(ms: number): Promise<"paused"> {
	return new Promise((resolve) => setTimeout(() => resolve("paused"), ms));
}
