/** What a budget has ended in the middle is, to every client, an answer that came to its length: it reads it to its end, and nothing throws. */
import assert from "node:assert/strict";
import { test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import { ChatOllama } from "@langchain/ollama";
import { streamText } from "ai";
import { Ollama } from "ollama";
import { createOllama } from "ollama-ai-provider-v2";
import OpenAI from "openai";

import { collect } from "../support/collect.ts";
import { cutAfter, recordingOf } from "../support/cut-stream.ts";
import { type FakeRequest, startFakeUpstream } from "../support/fake-upstream.ts";
import { judged } from "../support/understood.ts";

const RECORDED: Readonly<Record<string, string>> = {
	"/api/chat": "route-chat-stream",
	"/api/generate": "route-generate-stream",
	"/v1/chat/completions": "route-v1-chat-stream-usage",
	"/v1/completions": "route-v1-completions-stream-usage",
	"/v1/responses": "route-v1-responses-stream",
	"/v1/messages": "route-v1-messages-stream",
};
const MOST = 3;
const SAID = "The door is";

/** Answers as the gateway does where a budget has three tokens left. */
async function answerCut(request: FakeRequest): Promise<void> {
	await request.body;
	const exchange = recordingOf(RECORDED[request.target] ?? assert.fail(request.target));
	const { relayed } = cutAfter(judged(exchange), exchange, exchange.chunks, MOST);
	await request.startStream(exchange.answerType);
	await request.chunk(relayed);
	await request.finish();
}

test("clients of every dialect read a stream that a budget ended", async (t) => {
	const gateway = await startFakeUpstream(answerCut);
	t.after(() => gateway.close());
	const messages = [{ role: "user" as const, content: "who?" }];
	const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "k", maxRetries: 0 });
	const ollama = new Ollama({ host: gateway.url });

	await t.test("ollama", async () => {
		const chat = await collect(await ollama.chat({ model: "door", messages, stream: true }));
		assert.equal(chat.map(({ message }) => message.content).join(""), SAID);
		assert.partialDeepStrictEqual(chat.at(-1), { done: true, done_reason: "length", eval_count: MOST });
		const generated = await collect(await ollama.generate({ model: "door", prompt: "who?", stream: true }));
		assert.equal(generated.map(({ response }) => response).join(""), SAID);
		assert.equal(generated.at(-1)?.done_reason, "length");
	});

	await t.test("openai: chat and text completions, with their usage", async () => {
		const stream_options = { include_usage: true };
		const chunks = await collect(await openai.chat.completions.create({ model: "door", messages, stream: true, stream_options }));
		assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join(""), SAID);
		assert.equal(chunks.map(({ choices }) => choices[0]?.finish_reason ?? "").join(""), "length");
		assert.equal(chunks.at(-1)?.usage?.completion_tokens, MOST);
		const whole = await openai.chat.completions.stream({ model: "door", messages, stream_options }).finalChatCompletion();
		assert.equal(whole.choices[0]?.finish_reason, "length");
		const texts = await collect(await openai.completions.create({ model: "door", prompt: "who?", stream: true, stream_options }));
		assert.equal(texts.map(({ choices }) => choices[0]?.text ?? "").join(""), SAID);
		assert.ok(texts.some(({ choices }) => choices[0]?.finish_reason === "length"));
	});

	await t.test("openai: responses, as events and gathered", async () => {
		const events = await collect(await openai.responses.create({ model: "door", input: "who?", stream: true }));
		const last = events.at(-1);
		assert.ok(last?.type === "response.completed");
		assert.equal(last.response.incomplete_details?.reason, "max_output_tokens");
		const gathered = await openai.responses.stream({ model: "door", input: "who?" }).finalResponse();
		assert.deepEqual([gathered.status, gathered.output_text, gathered.usage?.output_tokens], ["incomplete", SAID, MOST]);
	});

	await t.test("anthropic", async () => {
		const client = new Anthropic({ baseURL: gateway.url, apiKey: "k", maxRetries: 0 });
		const message = await client.messages.stream({ model: "door", max_tokens: 100, messages }).finalMessage();
		assert.deepEqual(
			message.content.map((block) => (block.type === "text" ? block.text : "")),
			[SAID],
		);
		assert.deepEqual([message.stop_reason, message.usage.output_tokens], ["max_tokens", MOST]);
	});

	await t.test("langchain", async () => {
		const parts = await collect(await new ChatOllama({ baseUrl: gateway.url, model: "door" }).stream("who?"));
		assert.equal(parts.map(({ content }) => (typeof content === "string" ? content : "")).join(""), SAID);
		assert.equal(parts.at(-1)?.response_metadata["done_reason"], "length");
	});

	await t.test("the AI SDK", async () => {
		const provider = createOllama({ baseURL: `${gateway.url}/api` });
		const result = streamText({ model: provider("door"), prompt: "who?", maxRetries: 0 });
		assert.equal((await collect(result.textStream)).join(""), SAID);
		assert.equal(await result.finishReason, "length");
	});
});
