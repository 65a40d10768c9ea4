/** Vercel's AI SDK with its community provider for Ollama, unmodified, through the gateway over TLS. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { APICallError, embed, embedMany, generateText, stepCountIs, streamText, tool } from "ai";
import { createOllama } from "ollama-ai-provider-v2";
import { z } from "zod";

import { type ClientWorld, SENTENCE, startClientWorld, UNKNOWN_KEY } from "../support/client-world.ts";
import { collect } from "../support/collect.ts";

const ONCE = { maxRetries: 0, prompt: "who?" };

test("Vercel's AI SDK", async (t) => {
	const world = await startClientWorld(t);
	const ollama = providerOf(world, world.user);
	const cities: string[] = [];
	const tools = {
		get_weather: tool({
			description: "Weather",
			inputSchema: z.object({ city: z.string() }),
			execute: ({ city }) => Promise.resolve(`${cities.push(city)} degrees`),
		}),
	};

	await t.test("throws its APICallError at a wrong key, a model that is not granted and one that is not there", async () => {
		const narrow = providerOf(world, await world.gateway.createKey("user", { models: ["door"] }));
		for (const [model, status, words] of [
			[providerOf(world, "hunter2")("door"), 401, /a valid credential is needed/],
			[providerOf(world, UNKNOWN_KEY)("door"), 401, /a valid credential is needed/],
			[narrow("door-think"), 403, /you may not use that model/],
			[ollama("nobody"), 404, /model 'nobody' not found/],
		] as const) {
			await assert.rejects(generateText({ ...ONCE, model }), (error) => {
				assert.ok(APICallError.isInstance(error));
				assert.equal(error.statusCode, status);
				assert.match(error.responseBody ?? "", words);
				return true;
			});
		}
	});

	await t.test("generates a text and knows its usage", async () => {
		const { text, finishReason, usage } = await generateText({ ...ONCE, model: ollama("door") });
		assert.deepEqual([text, finishReason, usage.inputTokens, usage.outputTokens], [SENTENCE, "stop", 5, 9]);
	});

	await t.test("streams a text and knows its usage", async () => {
		const result = streamText({ ...ONCE, model: ollama("door") });
		assert.equal((await collect(result.textStream)).join(""), SENTENCE);
		assert.equal((await result.usage).outputTokens, 9);
	});

	await t.test("runs tools and hands their results back, whole and streamed", async () => {
		const ask = { ...ONCE, model: ollama("door-tool"), tools, stopWhen: stepCountIs(2) };
		const { steps } = await generateText(ask);
		assert.equal(steps.length, 2);
		const types = (await collect(streamText(ask).fullStream)).map(({ type }) => type);
		assert.equal(types.filter((type) => type === "tool-result").length, 2);
		assert.deepEqual(cities, ["Lyon", "Lyon", "Lyon", "Lyon"]);
	});

	await t.test("shows what a model thinks", async () => {
		const { text, reasoningText } = await generateText({
			...ONCE,
			model: ollama("door-think"),
			providerOptions: { ollama: { think: true } },
		});
		assert.deepEqual([text, reasoningText], ["A friend.", "Who asks now?"]);
	});

	await t.test("embeds one and many texts", async () => {
		const model = ollama.textEmbeddingModel("door-embed");
		const { embedding, usage } = await embed({ model, value: "a", maxRetries: 0 });
		assert.deepEqual([embedding.length, usage.tokens], [384, 1]);
		const { embeddings } = await embedMany({ model, values: ["a", "b"], maxRetries: 0 });
		assert.deepEqual(
			embeddings.map(({ length }) => length),
			[384, 384],
		);
	});

	await t.test("aborts a stream, which ends the generation", async () => {
		const departure = new AbortController();
		const { fullStream } = streamText({ ...ONCE, model: ollama("door-endless"), abortSignal: departure.signal });
		const types: string[] = [];
		for await (const part of fullStream) {
			types.push(part.type);
			if (part.type === "text-delta" && part.text === " clack") departure.abort();
		}
		assert.equal(types.at(-1), "abort");
		const [left] = await world.endedWith("abandoned");
		assert.deepEqual([left?.operation, left?.phase], ["chat", "streaming"]);
		await world.assertStopped();
	});
});

function providerOf({ url }: ClientWorld, key: string) {
	return createOllama({ baseURL: `${url}/api`, headers: { Authorization: `Bearer ${key}` } });
}
