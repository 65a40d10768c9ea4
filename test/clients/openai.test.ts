/** OpenAI's SDK for JavaScript, unmodified, through the gateway over TLS. */
import assert from "node:assert/strict";
import { test } from "node:test";

import OpenAI, {
	APIError,
	AuthenticationError,
	BadRequestError,
	InternalServerError,
	NotFoundError,
	PermissionDeniedError,
	RateLimitError,
} from "openai";

import { type ClientWorld, SENTENCE, startClientWorld, UNKNOWN_KEY } from "../support/client-world.ts";
import { collect } from "../support/collect.ts";
import { pngBytes } from "../support/image-bytes.ts";

const MESSAGES = [{ role: "user" as const, content: "who is there?" }];
const PARAMETERS = { type: "object", properties: { city: { type: "string" } } };
const WEATHER = { type: "function" as const, function: { name: "get_weather", description: "Weather", parameters: PARAMETERS } };
const IMAGE = `data:image/png;base64,${pngBytes(1, 1).toString("base64")}`;
/** Of the question by `door` and of its answer. */
const USAGE = { prompt_tokens: 14, completion_tokens: 9, total_tokens: 23 };

test("OpenAI's SDK for JavaScript", async (t) => {
	const world = await startClientWorld(t);
	const { gateway } = world;
	const client = clientOf(world, world.user);
	const { completions } = client.chat;

	await t.test("throws its AuthenticationError at a wrong key", async () => {
		for (const key of ["hunter2", UNKNOWN_KEY]) {
			const error = await thrownBy(clientOf(world, key).models.list());
			assert.ok(error instanceof AuthenticationError);
			assert.deepEqual([error.code, error.type], ["invalid_api_key", "authentication_error"]);
			assert.match(error.message, /^401 a valid credential is needed/);
			assert.match(error.requestID ?? "", /^[0-9a-f-]{36}$/);
		}
	});

	await t.test("throws its PermissionDeniedError at what the key does not permit", async () => {
		const narrow = clientOf(world, await gateway.createKey("user", { models: ["door"] }));
		const denied = await thrownBy(narrow.chat.completions.create({ model: "door-think", messages: MESSAGES, stream: true }));
		assert.ok(denied instanceof PermissionDeniedError);
		assert.deepEqual([denied.code, denied.type], ["model_not_found", "permission_error"]);
		assert.ok((await thrownBy(narrow.models.retrieve("door-think"))) instanceof PermissionDeniedError);
		assert.deepEqual(await idsOf(narrow), ["door:latest"]);
		const reader = clientOf(world, await gateway.createKey("reader"));
		const classDenied = await thrownBy(reader.chat.completions.create({ model: "door", messages: MESSAGES }));
		assert.ok(classDenied instanceof PermissionDeniedError);
		assert.equal(classDenied.code, "class-denied");
	});

	await t.test("throws its PermissionDeniedError at an image that the server would have to fetch", async () => {
		const content = [{ type: "image_url" as const, image_url: { url: "http://127.0.0.1/x.png" } }];
		const error = await thrownBy(completions.create({ model: "door", messages: [{ role: "user", content }] }));
		assert.ok(error instanceof PermissionDeniedError);
		assert.equal(error.code, "virtual-patch");
	});

	await t.test("throws its NotFoundError at a model or an operation that is not there", async () => {
		for (const ask of [
			() => completions.create({ model: "nobody", messages: MESSAGES }),
			() => completions.create({ model: "nobody", messages: MESSAGES, stream: true }),
			() => client.models.retrieve("nobody"),
		]) {
			const error = await thrownBy(ask());
			assert.ok(error instanceof NotFoundError);
			assert.match(error.message, /^404 model 'nobody(?::latest)?' not found$/);
		}
		const unknown = await thrownBy(client.moderations.create({ input: "x" }));
		assert.ok(unknown instanceof NotFoundError);
		assert.equal(unknown.code, "operation-unknown");
	});

	await t.test("throws its BadRequestError at what is wrong with a request, whoever says so", async () => {
		const [error, ours] = await Promise.all([
			thrownBy(
				completions.create({ model: "door", messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: IMAGE } }] }] }),
			),
			thrownBy(completions.create({ model: "door", messages: MESSAGES, max_tokens: 1.5 })),
		]);
		assert.ok(error instanceof BadRequestError);
		assert.match(error.message, /model does not support multimodal requests/);
		assert.ok(ours instanceof BadRequestError);
		assert.equal(ours.code, "body-wrong-type");
	});

	await t.test("chats", async () => {
		const answer = await completions.create({ model: "door", messages: MESSAGES, temperature: 0.2, seed: 1, max_completion_tokens: 50 });
		assert.equal(answer.choices[0]?.message.content, SENTENCE);
		assert.deepEqual(answer.usage, USAGE);
	});

	await t.test("streams a chat, with usage when asked and without a trace of it otherwise", async () => {
		const request = { model: "door", messages: MESSAGES, stream: true } as const;
		const bare = await collect(await completions.create(request));
		assert.equal(bare.map(({ choices }) => choices[0]?.delta.content ?? "").join(""), SENTENCE);
		assert.ok(bare.every((chunk) => chunk.choices.length === 1 && !("usage" in chunk)));
		const unasked = await collect(await completions.create({ ...request, stream_options: { include_usage: false } }));
		assert.equal(unasked.length, bare.length);
		const asked = await collect(await completions.create({ ...request, stream_options: { include_usage: true } }));
		assert.equal(asked.length, bare.length + 1);
		assert.deepEqual([asked.at(-1)?.choices, asked.at(-1)?.usage], [[], USAGE]);
		// The record has it all the same.
		const { data, request_id: id } = await completions.create(request).withResponse();
		assert.equal((await collect(data)).length, bare.length);
		assert.equal((await world.ended(id ?? "")).usage?.outputTokens, USAGE.completion_tokens);
	});

	await t.test("completes a text, whole and streamed", async () => {
		const whole = await client.completions.create({ model: "door", prompt: "who?" });
		assert.equal(whole.choices[0]?.text, SENTENCE);
		const request = { model: "door", prompt: "who?", stream: true } as const;
		const bare = await collect(await client.completions.create(request));
		assert.equal(bare.map(({ choices }) => choices[0]?.text ?? "").join(""), SENTENCE);
		assert.ok(bare.every((chunk) => chunk.choices.length === 1 && !("usage" in chunk)));
		const asked = await collect(await client.completions.create({ ...request, stream_options: { include_usage: true } }));
		assert.deepEqual(asked.at(-1)?.usage, whole.usage);
	});

	await t.test("embeds, in the base64 that the SDK asks for and in numbers", async () => {
		const { data, usage } = await client.embeddings.create({ model: "door-embed", input: ["a", "b"] });
		assert.deepEqual(
			data.map(({ embedding }) => embedding.length),
			[384, 384],
		);
		assert.deepEqual(usage, { prompt_tokens: 2, total_tokens: 2 });
		const numbers = await client.embeddings.create({ model: "door-embed", input: "a", encoding_format: "float" });
		assert.deepEqual(numbers.data[0]?.embedding, data[0]?.embedding);
	});

	await t.test("responds, whole and streamed", async () => {
		const whole = await client.responses.create({ model: "door", input: "who?", instructions: "Be a door." });
		assert.equal(whole.output_text, SENTENCE);
		const events = await collect(await client.responses.create({ model: "door", input: "who?", stream: true }));
		assert.deepEqual(
			[...new Set(events.map(({ type }) => type))],
			[
				"response.created",
				"response.in_progress",
				"response.output_item.added",
				"response.content_part.added",
				"response.output_text.delta",
				"response.output_text.done",
				"response.content_part.done",
				"response.output_item.done",
				"response.completed",
			],
		);
		const final = await client.responses.stream({ model: "door", input: "who?" }).finalResponse();
		assert.deepEqual([final.output_text, final.usage?.output_tokens], [SENTENCE, 9]);
	});

	await t.test("calls tools and takes their results, streamed, whole and as a response", async () => {
		const request = { model: "door-tool", messages: MESSAGES, tools: [WEATHER] };
		const whole = await completions.create({ ...request, tool_choice: "auto" });
		assert.equal(whole.choices[0]?.finish_reason, "tool_calls");
		const [first] = await collect(await completions.create({ ...request, stream: true }));
		assert.equal(first?.choices[0]?.delta.tool_calls?.[0]?.function?.arguments, '{"city":"Lyon"}');
		const cities: string[] = [];
		const tool = {
			type: "function" as const,
			function: {
				...WEATHER.function,
				parse: (text: string): { city?: unknown } => JSON.parse(text),
				function: ({ city }: { city?: unknown }) => `${cities.push(String(city))} degrees`,
			},
		};
		await completions.runTools({ ...request, tools: [tool] }, { maxChatCompletions: 2 }).done();
		assert.deepEqual(cities, ["Lyon", "Lyon"]);
		const response = await client.responses.create({
			model: "door-tool",
			input: "who?",
			tools: [{ type: "function", name: "get_weather", strict: false, parameters: PARAMETERS }],
		});
		const [item] = response.output;
		assert.deepEqual([item?.type, item?.type === "function_call" && item.arguments], ["function_call", '{"city":"Lyon"}']);
	});

	await t.test("shows what a model thinks", async () => {
		const { choices } = await completions.create({ model: "door-think", messages: MESSAGES, reasoning_effort: "high" });
		assert.deepEqual({ ...choices[0]?.message }, { role: "assistant", content: "A friend.", reasoning: "Who asks now?" });
	});

	await t.test("keeps to a schema", async () => {
		const schema = { type: "object", properties: { answer: { type: "boolean" } }, required: ["answer"] };
		const format = { type: "json_schema" as const, json_schema: { name: "answer", strict: true, schema } };
		const { choices } = await completions.create({ model: "door", messages: MESSAGES, response_format: format });
		assert.match(choices[0]?.message.content ?? "", /^\{\s*"answer"\s*:\s*(?:true|false)\s*\}$/);
	});

	await t.test("lists and retrieves models", async () => {
		assert.ok((await idsOf(client)).includes("door-embed:latest"));
		assert.deepEqual((await client.models.retrieve("door")).id, "door");
		assert.deepEqual((await client.models.retrieve("door:latest")).owned_by, "library");
	});

	await t.test("leaves a stream, which ends the generation", async () => {
		const { data: stream, request_id: id } = await completions
			.create({ model: "door-endless", messages: MESSAGES, stream: true })
			.withResponse();
		for await (const { choices } of stream) if (choices[0]?.delta.content === " clack") stream.controller.abort();
		const ended = await world.ended(id ?? "");
		assert.deepEqual([ended.outcome, ended.phase, ended.usage?.estimated], ["abandoned", "streaming", true]);
		await world.assertStopped();
		const left = await completions.create({ model: "door-endless", messages: MESSAGES, stream: true }).withResponse();
		for await (const _ of left.data) break;
		assert.equal((await world.ended(left.request_id ?? "")).outcome, "abandoned");
		await world.assertStopped();
	});
});

test("OpenAI's SDK for JavaScript throws its RateLimitError", async (t) => {
	const world = await startClientWorld(t, "admission: { requests_per_minute: 1, burst: 1 }\n");
	const client = clientOf(world, world.user);
	await client.models.list();
	const error = await thrownBy(client.models.list());
	assert.ok(error instanceof RateLimitError);
	assert.equal(error.code, "rate_limit_exceeded");
	assert.match(error.headers?.get("retry-after") ?? "", /^[1-9]\d?$/);
});

test("OpenAI's SDK for JavaScript waits as long as it is told and tries again", async (t) => {
	const world = await startClientWorld(t, "admission: { requests_per_minute: 60, burst: 1 }\n");
	const client = clientOf(world, world.user, 5);
	const lists = await Promise.all([client.models.list(), client.models.list()]);
	assert.ok(lists.every(({ data }) => data.length > 0));
});

test("OpenAI's SDK for JavaScript throws its InternalServerError where the model server cannot be reached", async (t) => {
	const world = await startClientWorld(t, "", { unreachable: true });
	const error = await thrownBy(clientOf(world, world.user).chat.completions.create({ model: "door", messages: MESSAGES }));
	assert.ok(error instanceof InternalServerError);
	assert.deepEqual([error.status, error.code, error.type], [502, "upstream-unreachable", "api_error"]);
});

function clientOf({ url }: ClientWorld, apiKey: string, maxRetries = 0): OpenAI {
	return new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries });
}

async function thrownBy(asked: PromiseLike<unknown>): Promise<APIError> {
	try {
		await asked;
	} catch (error) {
		if (error instanceof APIError) return error;
		throw error;
	}
	return assert.fail("nothing was thrown");
}

async function idsOf(client: OpenAI): Promise<readonly string[]> {
	return (await collect(client.models.list())).map(({ id }) => id);
}
