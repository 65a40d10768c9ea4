/** Ollama's own SDK for JavaScript, unmodified, through the gateway over TLS. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { type ChatRequest, Ollama } from "ollama";

import { type ClientWorld, SENTENCE, startClientWorld, UNKNOWN_KEY } from "../support/client-world.ts";
import { collect } from "../support/collect.ts";
import { pngBytes } from "../support/image-bytes.ts";

const MESSAGES = [{ role: "user", content: "who is there?" }];
const WEATHER = {
	type: "function",
	function: { name: "get_weather", description: "Weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};

test("Ollama's SDK for JavaScript", async (t) => {
	const world = await startClientWorld(t);
	const { gateway } = world;
	const client = clientOf(world, world.user);
	const admin = clientOf(world, world.admin);

	await t.test("is refused without a key, with a wrong one and with one of another's making, in one and the same way", async () => {
		const words = new Set<string>();
		for (const refused of [new Ollama({ host: world.url }), clientOf(world, "hunter2"), clientOf(world, UNKNOWN_KEY)]) {
			await assert.rejects(refused.list(), (error: Error) => {
				words.add(error.message);
				return statusOf(error) === 401;
			});
		}
		assert.equal(words.size, 1);
	});

	await t.test("is refused a model that is not granted, streamed or not, and does not see it", async () => {
		const narrow = clientOf(world, await gateway.createKey("user", { models: ["door"] }));
		for (const ask of [
			() => narrow.chat({ model: "door-think", messages: MESSAGES }),
			() => narrow.chat({ model: "door-think", messages: MESSAGES, stream: true }),
			() => narrow.show({ model: "door-think" }),
		]) {
			await assert.rejects(ask, refusedWith(403, /^you may not use that model; list yours with GET \/api\/tags$/));
		}
		assert.deepEqual(
			(await narrow.list()).models.map(({ name }) => name),
			["door:latest"],
		);
		assert.equal((await narrow.chat({ model: "door", messages: MESSAGES })).message.content, SENTENCE);
	});

	await t.test("is refused what its role does not permit", async () => {
		const denied = refusedWith(403, /^your role does not permit this kind of operation/);
		await assert.rejects(client.pull({ model: "door-visitor" }), denied);
		await assert.rejects(client.copy({ source: "door", destination: "mine" }), denied);
		await assert.rejects(client.delete({ model: "door" }), denied);
		await assert.rejects(client.create({ model: "mine", from: "door" }), denied);
		const reader = clientOf(world, await gateway.createKey("reader"));
		await assert.rejects(reader.generate({ model: "door", prompt: "who?" }), denied);
	});

	await t.test("reads Ollama's own words about a model that is not there", async () => {
		const missing = refusedWith(404, /^model 'nobody(?::latest)?' not found$/);
		await assert.rejects(client.generate({ model: "nobody", prompt: "x" }), missing);
		await assert.rejects(client.chat({ model: "nobody", messages: MESSAGES, stream: true }), missing);
		await assert.rejects(client.show({ model: "nobody" }), missing);
		await assert.rejects(admin.delete({ model: "nobody" }), missing);
	});

	await t.test("reads what is wrong with a request", async () => {
		const image = Buffer.from(pngBytes(1, 1)).toString("base64");
		await assert.rejects(
			client.chat({ model: "door", messages: [{ role: "user", content: "?", images: [image] }] }),
			refusedWith(400, /multimodal/),
		);
		await assert.rejects(
			client.chat({ model: "door", messages: MESSAGES, think: true }),
			refusedWith(400, /"door" does not support thinking/),
		);
		await assert.rejects(client.chat({ model: "door", messages: MESSAGES, tools: [WEATHER] }), refusedWith(400, /does not support tools/));
	});

	await t.test("chats, whole and streamed", async () => {
		const whole = await client.chat({ model: "door", messages: MESSAGES });
		assert.equal(whole.message.content, SENTENCE);
		assert.deepEqual([whole.done, whole.done_reason, whole.eval_count], [true, "stop", 9]);
		const parts = await collect(await client.chat({ model: "door", messages: MESSAGES, stream: true }));
		assert.deepEqual(
			parts.map(({ message }) => message.content),
			["The", " door", " is", " closed,", " and", " it", " knows", " you.", ""],
		);
		assert.equal(parts.at(-1)?.eval_count, 9);
	});

	await t.test("generates, whole and streamed, and goes on from a context", async () => {
		const whole = await client.generate({ model: "door", prompt: "who?", system: "Be a door.", options: { temperature: 0, seed: 7 } });
		assert.equal(whole.response, SENTENCE);
		const parts = await collect(await client.generate({ model: "door", prompt: "and you?", context: whole.context, stream: true }));
		assert.equal(parts.map(({ response }) => response).join(""), SENTENCE);
		assert.ok((parts.at(-1)?.prompt_eval_count ?? 0) > whole.prompt_eval_count);
	});

	await t.test("embeds one and many texts", async () => {
		const many = await client.embed({ model: "door-embed", input: ["a", "b"] });
		assert.deepEqual(
			many.embeddings.map(({ length }) => length),
			[384, 384],
		);
		assert.equal((await client.embeddings({ model: "door-embed", prompt: "a" })).embedding.length, 384);
	});

	await t.test("calls tools and takes their results, whole and streamed", async () => {
		const request: ChatRequest = { model: "door-tool", messages: MESSAGES, tools: [WEATHER] };
		const whole = await client.chat({ ...request, stream: false });
		const [call] = whole.message.tool_calls ?? [];
		assert.deepEqual([call?.function.name, call?.function.arguments], ["get_weather", { city: "Lyon" }]);
		const [first] = await collect(await client.chat({ ...request, stream: true }));
		assert.deepEqual(first?.message.tool_calls?.[0]?.function.arguments, { city: "Lyon" });
		const result = { role: "tool", content: "11 degrees", tool_name: "get_weather" };
		const next = await client.chat({ ...request, messages: [...MESSAGES, whole.message, result], stream: false });
		assert.ok(next.prompt_eval_count > whole.prompt_eval_count);
	});

	await t.test("shows what a model thinks, apart from what it says", async () => {
		const whole = await client.chat({ model: "door-think", messages: MESSAGES, think: true });
		assert.deepEqual([whole.message.thinking, whole.message.content], ["Who asks now?", "A friend."]);
		const parts = await collect(await client.chat({ model: "door-think", messages: MESSAGES, think: true, stream: true }));
		assert.equal(parts.map(({ message }) => message.thinking ?? "").join(""), "Who asks now?");
		assert.equal(parts.map(({ message }) => message.content).join(""), "A friend.");
	});

	await t.test("keeps to a schema", async () => {
		const schema = { type: "object", properties: { answer: { type: "boolean" } }, required: ["answer"] };
		const { response } = await client.generate({ model: "door", prompt: "who?", format: schema });
		assert.match(response ?? "", /^\{\s*"answer"\s*:\s*(?:true|false)\s*\}$/);
	});

	await t.test("lists and shows models, what runs, and the version", async () => {
		const names = (await client.list()).models.map(({ name }) => name);
		for (const name of ["door:latest", "door-think:latest", "door-tool:latest", "door-endless:latest", "door-embed:latest"]) {
			assert.ok(names.includes(name), `${name} is not in ${names.join(", ")}`);
		}
		assert.deepEqual((await client.show({ model: "door-think" })).capabilities, ["completion", "thinking"]);
		await client.generate({ model: "door", prompt: "who?" });
		const running = (await client.ps()).models;
		assert.ok(running.length > 0 && running.every(({ name, size }) => names.includes(name) && size > 0));
		assert.match((await client.version()).version, /^\d+\.\d+\.\d+/);
	});

	await t.test("shows a template to who may see it alone", async () => {
		assert.equal((await client.show({ model: "door" })).template, undefined);
		assert.match((await admin.show({ model: "door" })).template, /<\|chat\|>/);
	});

	await t.test("copies, makes and deletes models as an administrator", async () => {
		const name = `door-${randomUUID()}`;
		assert.equal((await admin.copy({ source: "door", destination: name })).status, "success");
		assert.equal((await client.generate({ model: name, prompt: "who?" })).response, SENTENCE);
		const steps = await collect(await admin.create({ model: name, from: "door", system: "Be a door.", stream: true }));
		assert.equal(steps.at(-1)?.status, "success");
		assert.equal((await admin.show({ model: name })).system, "Be a door.");
		assert.equal((await admin.delete({ model: name })).status, "success");
		await assert.rejects(client.show({ model: name }), refusedWith(404, /not found/));
	});

	await t.test("pulls with progress, or reads why that failed, streamed and whole", async () => {
		if (world.upstream.real) {
			// A server that reaches no registry, as recorded: the stream carries its failure in a line of a 200.
			const failure = /pull model manifest: Get "https:\/\/registry\.ollama\.ai\/v2\/library\/door-visitor\/manifests\/latest"/;
			await assert.rejects(admin.pull({ model: "door-visitor" }), refusedWith(500, failure));
			await assert.rejects(async () => collect(await admin.pull({ model: "door-visitor", stream: true })), failure);
			return;
		}
		const steps = await collect(await admin.pull({ model: "door-visitor", stream: true }));
		assert.equal(steps[0]?.status, "pulling manifest");
		assert.ok(steps.some(({ completed, total }) => total > 0 && completed === total));
		assert.equal(steps.at(-1)?.status, "success");
		assert.equal((await admin.pull({ model: "door-visitor" })).status, "success");
		assert.equal((await client.generate({ model: "door-visitor", prompt: "who?" })).response, SENTENCE);
		await admin.delete({ model: "door-visitor" });
	});

	await t.test("leaves a stream, which ends the generation", async () => {
		const stream = await client.generate({ model: "door-endless", prompt: "x", stream: true });
		await assert.rejects(
			async () => {
				for await (const part of stream) if (part.response === " clack") stream.abort();
			},
			{ name: "AbortError" },
		);
		const [left] = await world.endedWith("abandoned");
		assert.deepEqual([left?.operation, left?.phase, left?.usage?.estimated], ["generate", "streaming", true]);
		await world.assertStopped();
		assert.equal((await client.generate({ model: "door", prompt: "who?" })).response, SENTENCE);
	});
});

test("Ollama's SDK for JavaScript reads that it asks too often", async (t) => {
	const world = await startClientWorld(t, "admission: { requests_per_minute: 1, burst: 2 }\n");
	const client = clientOf(world, world.user);
	await client.list();
	await client.list();
	await assert.rejects(client.list(), refusedWith(429, /^too many requests; wait as long as Retry-After says$/));
});

function clientOf({ url }: ClientWorld, key: string): Ollama {
	return new Ollama({ host: url, headers: { Authorization: `Bearer ${key}` } });
}

/** The SDK keeps its class of errors to itself; its name and its status are what programs look at. */
function refusedWith(status: number, words: RegExp) {
	return (error: Error): boolean => {
		assert.deepEqual([error.name, statusOf(error)], ["ResponseError", status], error.message);
		assert.match(error.message, words);
		return true;
	};
}

function statusOf(error: Error): unknown {
	return "status_code" in error ? error.status_code : null;
}
