/** LangChain's Ollama integration, unmodified, through the gateway over TLS. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { ChatOllama, type ChatOllamaInput, Ollama, OllamaEmbeddings } from "@langchain/ollama";

import { type ClientWorld, SENTENCE, startClientWorld, UNKNOWN_KEY } from "../support/client-world.ts";
import { collect } from "../support/collect.ts";
import { pngBytes } from "../support/image-bytes.ts";

const WEATHER = {
	type: "function",
	function: { name: "get_weather", description: "Weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};

test("LangChain", async (t) => {
	const world = await startClientWorld(t);
	const chat = (model: string, more: Partial<ChatOllamaInput> = {}) => new ChatOllama({ ...connection(world), model, ...more });

	await t.test("is refused with a wrong key, and what the key does not permit", async () => {
		for (const key of ["hunter2", UNKNOWN_KEY]) {
			const wrong = chat("door", connection(world, key));
			await assert.rejects(wrong.invoke("who?"), { name: "ResponseError", status_code: 401, message: /a valid credential is needed/ });
		}
		const narrow = chat("door-think", connection(world, await world.gateway.createKey("user", { models: ["door"] })));
		await assert.rejects(narrow.invoke("who?"), { name: "ResponseError", status_code: 403, message: /you may not use that model/ });
		await assert.rejects(() => narrow.stream("who?").then(collect), { status_code: 403 });
	});

	await t.test("reads Ollama's own words about what is wrong", async () => {
		await assert.rejects(chat("nobody").invoke("who?"), { status_code: 404, message: "model 'nobody' not found" });
		const content = [{ type: "image_url", image_url: `data:image/png;base64,${pngBytes(1, 1).toString("base64")}` }];
		await assert.rejects(chat("door").invoke([{ role: "user", content }]), { status_code: 400, message: /multimodal/ });
	});

	await t.test("invokes and streams a chat, and knows its usage", async () => {
		const answer = await chat("door", { temperature: 0 }).invoke("who?");
		assert.equal(answer.content, SENTENCE);
		assert.partialDeepStrictEqual(answer.usage_metadata, { input_tokens: 5, output_tokens: 9, total_tokens: 14 });
		const parts = await collect(await chat("door").stream("who?"));
		assert.equal(parts.map(({ text }) => text).join(""), SENTENCE);
	});

	await t.test("completes a text, whole and streamed", async () => {
		const model = new Ollama({ ...connection(world), model: "door" });
		assert.equal(await model.invoke("who?"), SENTENCE);
		assert.equal((await collect(await model.stream("who?"))).join(""), SENTENCE);
	});

	await t.test("embeds documents and a query", async () => {
		const model = new OllamaEmbeddings({ ...connection(world), model: "door-embed" });
		const [one, two, ...none] = await model.embedDocuments(["a", "b"]);
		assert.deepEqual([one?.length, two?.length, none.length], [384, 384, 0]);
		assert.deepEqual(await model.embedQuery("a"), one);
	});

	await t.test("calls tools", async () => {
		const { tool_calls: [call] = [] } = await chat("door-tool").bindTools([WEATHER]).invoke("who?");
		assert.deepEqual([call?.name, call?.args], ["get_weather", { city: "Lyon" }]);
	});

	await t.test("shows what a model thinks", async () => {
		const answer = await chat("door-think", { think: true }).invoke("who?");
		assert.deepEqual([answer.content, answer.additional_kwargs["reasoning_content"]], ["A friend.", "Who asks now?"]);
	});

	await t.test("aborts a stream, which ends the generation", async () => {
		const departure = new AbortController();
		await assert.rejects(
			async () => {
				for await (const { content } of await chat("door-endless").stream("x", { signal: departure.signal })) {
					if (content === " clack") departure.abort();
				}
			},
			{ name: "AbortError" },
		);
		const [left] = await world.endedWith("abandoned");
		assert.deepEqual([left?.operation, left?.phase], ["chat", "streaming"]);
		await world.assertStopped();
	});
});

function connection({ url, user }: ClientWorld, key = user) {
	return { baseUrl: url, headers: { Authorization: `Bearer ${key}` }, maxRetries: 0 };
}
