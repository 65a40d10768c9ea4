/** The queue before the GPU in a real server: one caller's flood, what who waits is told, and who is kept alive meanwhile. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import { ChatOllama } from "@langchain/ollama";
import { streamText } from "ai";
import { Ollama } from "ollama";
import { createOllama } from "ollama-ai-provider-v2";
import OpenAI from "openai";

import { ask } from "../support/asks.ts";
import { collect } from "../support/collect.ts";
import { recordingOf } from "../support/cut-stream.ts";
import { eventually } from "../support/eventually.ts";
import type { FakeRequest } from "../support/fake-upstream.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { connectRaw, type RawClient, type RawHead, type RawResponse } from "../support/raw-client.ts";
import { startWorkedUpstream, type WorkedUpstream } from "../support/worked-upstream.ts";

const ANSWER = { model: "door", message: { role: "assistant", content: "open" }, done: true, done_reason: "stop" };
/** Always the same, and less than any held time: what a request costs is then no matter of the machine. */
const USED = { prompt_eval_count: 5, prompt_eval_duration: 1_000, eval_count: 9, eval_duration: 9_000 };
const SENTENCE = "The door is closed, and it knows you.";
const ONE_AT_ONCE = "concurrency: { per_model: 1, per_key: 1000 }";

function question(key: string, content: string): Buffer {
	return ask({ path: "/api/chat", key, json: { model: "door", messages: [{ role: "user", content }], stream: false } });
}

async function answer(request: FakeRequest): Promise<void> {
	await request.respond(200, JSON.stringify({ ...ANSWER, ...USED }));
}

async function connected({ port }: Gateway, count: number): Promise<readonly RawClient[]> {
	return await Promise.all(Array.from({ length: count }, () => connectRaw({ port })));
}

async function queued({ admin }: Gateway): Promise<number> {
	const status: unknown = (await admin.get("/v1/status")).json();
	assert.ok(typeof status === "object" && status !== null && "load" in status);
	const { load } = status;
	assert.ok(typeof load === "object" && load !== null && "queued" in load);
	return Number(load.queued);
}

test("500 queued requests of one caller delay another by the request that runs, and no more", async () => {
	await using upstream = await startWorkedUpstream();
	const yaml = `admission: { ${ONE_AT_ONCE}, queue: { size: 1000 }, requests_per_minute: 1000000, burst: 1000000 }
limits: { connections: { total: 2000, per_address: 2000, unauthenticated_per_address: 2000 }, drain_timeout: 0s }\n`;
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml });
	const [flood, modest] = [await gateway.createKey("user"), await gateway.createKey("user")];
	const many = await connected(gateway, 501);
	for (const client of many) await client.send(question(flood, "flood"));
	await eventually(async () => (await queued(gateway)) === 500);
	const [one] = await connected(gateway, 1);
	assert.ok(one !== undefined);
	const before: number[] = [];
	for (let turn = 0; turn < 9; turn++) {
		await one.send(question(modest, "modest"));
		await eventually(async () => (await queued(gateway)) === 501 - turn);
		for (let others = 0; ; others++) {
			const running = await upstream.nextWork();
			const isMine = (await running.body).includes("modest");
			await answer(running);
			if (!isMine) continue;
			before.push(others);
			break;
		}
		const answered: RawResponse = await one.readResponse();
		assert.deepEqual([answered.status, answered.header("x-rempart-queue-position")], [200, "1"]);
		assert.match(answered.header("x-rempart-queue-wait-ms") ?? "", /^\d+$/);
	}
	assert.deepEqual(
		before,
		Array.from({ length: 9 }, () => 1),
	);
	for (const client of [one, ...many]) client.destroy();
});

test("a full queue refuses with when to come back, and lets in who has less in it", async () => {
	await using upstream = await startWorkedUpstream();
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: `admission: { ${ONE_AT_ONCE}, queue: { size: 3 } }\n` });
	const [flood, modest] = [await gateway.createKey("user"), await gateway.createKey("user")];
	const many = await connected(gateway, 4);
	for (const [at, client] of many.entries()) {
		await client.send(question(flood, "flood"));
		await eventually(async () => (await queued(gateway)) === Math.min(at, 3));
		if (at === 0) await eventually(() => upstream.work.length === 1);
	}
	const [refused, let_in] = await connected(gateway, 2);
	await refused?.send(question(flood, "flood"));
	const no = await refused?.readResponse();
	assert.equal(no?.status, 503);
	assert.ok(Number(no?.header("retry-after")) >= 2);
	assert.ok(Number(no?.header("x-rempart-queue-position")) >= 3);
	await let_in?.send(question(modest, "modest"));
	const dropped = await many[3]?.readResponse();
	assert.equal(dropped?.status, 503);
	assert.equal(await queued(gateway), 3);
	for (const client of [...many, refused, let_in]) client?.destroy();
});

/** A caller holds the only place while another's stream waits for it; the test lets go when the head of the waiting one is out. */
async function behindAnother(
	use: (world: { gateway: Gateway; upstream: WorkedUpstream; key: string; letGo: () => Promise<void> }) => Promise<void>,
	queue = "keep_alive: 20ms",
) {
	await using upstream = await startWorkedUpstream();
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: `admission: { ${ONE_AT_ONCE}, queue: { ${queue} } }\n` });
	const [first, key] = [await gateway.createKey("user"), await gateway.createKey("user")];
	const [holder] = await connected(gateway, 1);
	await holder?.send(question(first, "first"));
	const held = await upstream.nextWork();
	await use({ gateway, upstream, key, letGo: () => answer(held) });
	holder?.destroy();
}

/** Plays a recording to the next request. */
async function play(upstream: WorkedUpstream, scenario: string): Promise<void> {
	const request = await upstream.nextWork();
	const { chunks, answerType } = recordingOf(scenario);
	await request.startStream(answerType);
	for (const chunk of chunks) await request.chunk(chunk);
	await request.finish();
}

const messages = [{ role: "user" as const, content: "who?" }];

suite("a stream that waits in the queue is kept alive, and its client reads it as if it had not waited", () => {
	const clients: readonly (readonly [name: string, scenario: string, read: (url: string, key: string) => Promise<string>])[] = [
		[
			"ollama",
			"route-chat-stream",
			async (host, key) => {
				const client = new Ollama({ host, headers: { authorization: `Bearer ${key}` } });
				const parts = await collect(await client.chat({ model: "door", messages, stream: true }));
				return parts.map(({ message }) => message.content).join("");
			},
		],
		[
			"langchain",
			"route-chat-stream",
			async (baseUrl, key) => {
				const client = new ChatOllama({ baseUrl, model: "door", headers: { authorization: `Bearer ${key}` } });
				return (await collect(await client.stream("who?"))).map(({ content }) => (typeof content === "string" ? content : "")).join("");
			},
		],
		[
			"the AI SDK",
			"route-chat-stream",
			async (url, key) => {
				const provider = createOllama({ baseURL: `${url}/api`, headers: { authorization: `Bearer ${key}` } });
				return (await collect(streamText({ model: provider("door"), prompt: "who?", maxRetries: 0 }).textStream)).join("");
			},
		],
		[
			"openai",
			"route-v1-chat-stream-usage",
			async (url, apiKey) => {
				const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
				const chunks = await collect(await client.chat.completions.create({ model: "door", messages, stream: true }));
				return chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
			},
		],
		[
			"openai, responses",
			"route-v1-responses-stream",
			async (url, apiKey) => {
				const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
				return (await client.responses.stream({ model: "door", input: "who?" }).finalResponse()).output_text;
			},
		],
		[
			"anthropic",
			"route-v1-messages-stream",
			async (baseURL, apiKey) => {
				const client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
				const { content } = await client.messages.stream({ model: "door", max_tokens: 100, messages }).finalMessage();
				return content.map((block) => (block.type === "text" ? block.text : "")).join("");
			},
		],
	];
	for (const [name, scenario, read] of clients) {
		test(name, async () => {
			await behindAnother(async ({ gateway, upstream, key, letGo }) => {
				const text = read(gateway.url, key);
				await eventually(async () => (await queued(gateway)) === 1);
				// A raw caller behind it sees what is sent meanwhile; two of its words, and the client has had as many.
				const [watcher] = await connected(gateway, 1);
				await watcher?.send(ask({ path: "/v1/chat/completions", key, json: { model: "door", messages, stream: true } }));
				await watcher?.readHead();
				for (let words = 0; words < 2; words++) await watcher?.readChunk();
				await letGo();
				await play(upstream, scenario);
				assert.equal(await text, SENTENCE);
				watcher?.destroy();
			});
		});
	}
});

test("whoever is kept alive is told its position, and hears within the stream what becomes of it", async () => {
	await behindAnother(async ({ gateway, upstream, key, letGo }) => {
		const [events, lines] = await connected(gateway, 2);
		await events?.send(ask({ path: "/v1/chat/completions", key, json: { model: "door", messages, stream: true } }));
		const head = await events?.readHead();
		assert.deepEqual(
			[head?.status, fieldOf(head, "content-type"), fieldOf(head, "x-rempart-queue-position")],
			[200, "text/event-stream", "1"],
		);
		assert.equal(fieldOf(head, "x-ratelimit-limit-requests"), "1200");
		assert.match(fieldOf(head, "ratelimit") ?? "", /^"requests";r=\d+;t=0$/);
		assert.match(String(await events?.readChunk()), /^: waiting, position 1, about \d+ s\n\n$/);
		await lines?.send(ask({ path: "/api/chat", key, json: { model: "door", messages } }));
		assert.equal(fieldOf(await lines?.readHead(), "content-type"), "application/x-ndjson");
		assert.equal(String(await lines?.readChunk()), " ");
		await letGo();
		await (await upstream.nextWork()).respond(404, '{"error":{"message":"model \'door\' not found"}}');
		await (await upstream.nextWork()).respond(404, '{"error":"model \'door\' not found"}');
		assert.match(await rest(events), /\n\ndata: \{"error":\{"message":"model 'door' not found"\}\}\n\n$|^data: \{"error"/);
		assert.match(await rest(lines), /^ *\{"error":"model 'door' not found"\}\n$/);
		await eventually(async () => (await gateway.events("request-ended")).length === 3);
		const ended = (await gateway.events("request-ended")).filter(({ detail }) => detail !== null);
		assert.deepEqual(
			ended.map(({ status, detail }) => [status, detail]),
			[
				[200, "the upstream answered 404"],
				[200, "the upstream answered 404"],
			],
		);
		events?.destroy();
		lines?.destroy();
	});
});

test("a refusal of whoever was kept alive is an error within the stream, and the connection goes on", async () => {
	await behindAnother(async ({ gateway, key }) => {
		const [client] = await connected(gateway, 1);
		for (const [path, error] of [
			["/v1/messages", /event: error\ndata: \{"type":"error","error":\{"type":"overloaded_error"/],
			["/api/chat", /\{"error":"the server stayed busy/],
		] as const) {
			await client?.send(ask({ path, key, json: { model: "door", max_tokens: 9, messages, stream: true } }));
			await client?.readHead();
			assert.match(await rest(client), error);
		}
		const refused = (await gateway.events("request-ended")).filter(({ outcome }) => outcome === "refused");
		assert.deepEqual(
			refused.map(({ status, reason }) => [status, reason]),
			[
				[200, "queue-timeout"],
				[200, "queue-timeout"],
			],
		);
		client?.destroy();
	}, "keep_alive: 20ms, timeout: 150ms");
});

test("without keep_alive a stream that waits in vain is refused with a status", async () => {
	await behindAnother(async ({ gateway, key }) => {
		const [client] = await connected(gateway, 1);
		await client?.send(ask({ path: "/v1/messages", key, json: { model: "door", max_tokens: 9, messages, stream: true } }));
		const answered = await client?.readResponse();
		assert.deepEqual([answered?.status, answered?.header("x-rempart-queue-position")], [503, "1"]);
		client?.destroy();
	}, "timeout: 50ms");
});

async function rest(client: RawClient | undefined): Promise<string> {
	let text = "";
	for (let chunk = await client?.readChunk(); chunk !== null && chunk !== undefined; chunk = await client?.readChunk())
		text += chunk.toString();
	return text;
}

function fieldOf(head: RawHead | undefined, name: string): string | undefined {
	return head?.headers.find(([each]) => each.toLowerCase() === name)?.[1];
}
