/** The SDKs that people use, unmodified, against the demonstration server. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import { Ollama } from "ollama";
import OpenAI from "openai";

import { startDemonstration } from "./server.ts";

const SENTENCE = "The door is closed, and it knows you.";
const MESSAGES = [{ role: "user" as const, content: "who is there?" }];

test("Ollama's SDK lists, shows, asks, embeds, pulls, makes and deletes", async (t) => {
	const client = new Ollama({ host: await started(t) });
	assert.equal((await client.list()).models[0]?.name, "door:latest");
	assert.deepEqual((await client.show({ model: "door-think" })).capabilities, ["completion", "thinking"]);
	assert.equal((await client.generate({ model: "door", prompt: "who?" })).response, SENTENCE);
	let said = "";
	for await (const part of await client.chat({ model: "door", messages: MESSAGES, stream: true })) said += part.message.content;
	assert.equal(said, SENTENCE);
	const thought = await client.chat({ model: "door-think", messages: MESSAGES, think: true });
	assert.equal(thought.message.thinking, "Who asks now?");
	assert.equal((await client.embed({ model: "door-embed", input: ["a", "b"] })).embeddings.length, 2);
	// door and door-think share their weights and so a runner.
	assert.equal((await client.ps()).models.length, 2);
	for await (const _ of await client.pull({ model: "door-visitor", stream: true }));
	await client.create({ model: "made", from: "door-visitor", system: "Be a door." });
	await client.delete({ model: "made" });
	await assert.rejects(client.generate({ model: "made", prompt: "x" }), /model 'made' not found/);
});

test("Ollama's SDK leaves a stream", async (t) => {
	const client = new Ollama({ host: await started(t) });
	const stream = await client.generate({ model: "door-endless", prompt: "x", stream: true });
	await assert.rejects(async () => {
		for await (const part of stream) if (part.response === " clack") stream.abort();
	}, /abort/i);
});

test("OpenAI's SDK chats, streams with usage, calls tools, responds and embeds", async (t) => {
	const client = new OpenAI({ baseURL: `${await started(t)}/v1`, apiKey: "any", maxRetries: 0 });
	const whole = await client.chat.completions.create({ model: "door", messages: MESSAGES });
	assert.equal(whole.choices[0]?.message.content, SENTENCE);
	let total = 0;
	const options = { include_usage: true };
	for await (const chunk of await client.chat.completions.create({
		model: "door",
		messages: MESSAGES,
		stream: true,
		stream_options: options,
	})) {
		total = chunk.usage?.total_tokens ?? total;
	}
	assert.equal(total, 23);
	const parameters = { type: "object", properties: { city: { type: "string" } } };
	const called = await client.chat.completions.create({
		model: "door-tool",
		messages: MESSAGES,
		tools: [{ type: "function", function: { name: "get_weather", parameters } }],
	});
	assert.equal(called.choices[0]?.finish_reason, "tool_calls");
	assert.equal((await client.responses.create({ model: "door", input: "who?" })).output_text, SENTENCE);
	const events: string[] = [];
	for await (const event of await client.responses.create({ model: "door", input: "who?", stream: true })) events.push(event.type);
	assert.deepEqual([events[0], events.at(-1)], ["response.created", "response.completed"]);
	// The SDK asks for base64 and decodes it.
	assert.equal((await client.embeddings.create({ model: "door-embed", input: ["a"] })).data[0]?.embedding.length, 384);
	assert.equal((await client.models.list()).data.length, 5);
	await assert.rejects(client.chat.completions.create({ model: "none", messages: MESSAGES }), /404 model 'none' not found/);
});

test("Anthropic's SDK asks, streams and shows errors", async (t) => {
	const client = new Anthropic({ baseURL: await started(t), apiKey: "any", maxRetries: 0 });
	const whole = await client.messages.create({ model: "door", max_tokens: 50, messages: MESSAGES });
	assert.deepEqual(whole.usage, { input_tokens: 14, output_tokens: 9 });
	const stream = client.messages.stream({ model: "door-think", max_tokens: 50, messages: MESSAGES });
	assert.equal(await stream.finalText(), "A friend.");
	await assert.rejects(client.messages.create({ model: "none", max_tokens: 5, messages: MESSAGES }), /not_found_error/);
});

async function started(t: TestContext): Promise<string> {
	const server = await startDemonstration({ host: "127.0.0.1", port: 0, clock: Date.now });
	t.after(() => server.close());
	return server.url;
}
