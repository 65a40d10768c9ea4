/** Anthropic's SDK for JavaScript, unmodified, through the gateway over TLS. */
import assert from "node:assert/strict";
import { test } from "node:test";

import Anthropic, {
	APIError,
	APIUserAbortError,
	AuthenticationError,
	BadRequestError,
	InternalServerError,
	NotFoundError,
	PermissionDeniedError,
	RateLimitError,
} from "@anthropic-ai/sdk";

import { type ClientWorld, SENTENCE, startClientWorld, UNKNOWN_KEY } from "../support/client-world.ts";
import { collect } from "../support/collect.ts";
import { pngBytes } from "../support/image-bytes.ts";

const MESSAGES = [{ role: "user" as const, content: "who is there?" }];
const ASK = { model: "door", max_tokens: 50, messages: MESSAGES };
const WEATHER = { name: "get_weather", input_schema: { type: "object" as const, properties: { city: { type: "string" } } } };

test("Anthropic's SDK for JavaScript", async (t) => {
	const world = await startClientWorld(t);
	const { gateway } = world;
	const { messages } = clientOf(world, world.user);

	await t.test("throws its AuthenticationError at a wrong key", async () => {
		for (const key of ["hunter2", UNKNOWN_KEY]) {
			const error = await thrownBy(clientOf(world, key).messages.create(ASK));
			assert.ok(error instanceof AuthenticationError);
			assert.equal(error.type, "authentication_error");
			assert.match(error.message, /a valid credential is needed/);
		}
	});

	await t.test("throws its PermissionDeniedError at what the key does not permit, streamed or not", async () => {
		const narrow = clientOf(world, await gateway.createKey("user", { models: ["door"] }));
		const reader = clientOf(world, await gateway.createKey("reader"));
		for (const ask of [
			() => narrow.messages.create({ ...ASK, model: "door-think" }),
			() => narrow.messages.create({ ...ASK, model: "door-think", stream: true }),
			() => reader.messages.create(ASK),
		]) {
			const error = await thrownBy(ask());
			assert.ok(error instanceof PermissionDeniedError);
			assert.equal(error.type, "permission_error");
		}
		assert.equal(textOf(await narrow.messages.create(ASK)), SENTENCE);
	});

	await t.test("throws its NotFoundError at a model or an operation that is not there", async () => {
		for (const stream of [false, true]) {
			const error = await thrownBy(messages.create({ ...ASK, model: "nobody", stream }));
			assert.ok(error instanceof NotFoundError);
			assert.match(error.message, /model 'nobody' not found/);
		}
		const unknown = await thrownBy(messages.countTokens({ model: "door", messages: MESSAGES }));
		assert.ok(unknown instanceof NotFoundError);
		assert.match(unknown.message, /"message":"there is no such operation"},"request_id":"[0-9a-f-]{36}"/);
	});

	await t.test("throws its BadRequestError at what is wrong with a request, whoever says so", async () => {
		const source = { type: "base64" as const, media_type: "image/png" as const, data: pngBytes(1, 1).toString("base64") };
		const image = await thrownBy(messages.create({ ...ASK, messages: [{ role: "user", content: [{ type: "image", source }] }] }));
		assert.ok(image instanceof BadRequestError);
		assert.match(image.message, /model does not support multimodal requests/);
		const ours = await thrownBy(messages.create({ ...ASK, max_tokens: 1.5 }));
		assert.ok(ours instanceof BadRequestError);
		assert.match(ours.message, /a field of the body has the wrong type or value/);
	});

	await t.test("asks with its key in x-api-key, or as a bearer", async () => {
		assert.equal(textOf(await messages.create(ASK)), SENTENCE);
		const bearer = new Anthropic({ baseURL: world.url, apiKey: null, authToken: world.user, maxRetries: 0 });
		assert.equal(textOf(await bearer.messages.create(ASK)), SENTENCE);
	});

	await t.test("asks with all that its users send: system, cache marks, metadata, effort", async () => {
		const cache_control = { type: "ephemeral" as const };
		const answer = await messages.create({
			...ASK,
			system: [{ type: "text", text: "Be a door.", cache_control }],
			messages: [{ role: "user", content: [{ type: "text", text: "who?", cache_control }] }],
			metadata: { user_id: "someone" },
			stop_sequences: ["never said"],
			service_tier: "auto",
			output_config: { effort: "low" },
			thinking: { type: "disabled" },
		});
		assert.deepEqual([textOf(answer), answer.stop_reason, answer.usage.output_tokens], [SENTENCE, "end_turn", 9]);
	});

	await t.test("streams, event by event and through its helper", async () => {
		const events = await collect(await messages.create({ ...ASK, stream: true }));
		assert.deepEqual(
			[...new Set(events.map(({ type }) => type))],
			["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"],
		);
		const final = await messages.stream(ASK).finalMessage();
		assert.deepEqual([textOf(final), final.usage.output_tokens], [SENTENCE, 9]);
	});

	await t.test("calls tools and takes their results, whole and streamed", async () => {
		const ask = { ...ASK, model: "door-tool", tools: [WEATHER] };
		const whole = await messages.create(ask);
		const [call] = whole.content;
		assert.ok(call?.type === "tool_use");
		assert.deepEqual([whole.stop_reason, call.name, call.input], ["tool_use", "get_weather", { city: "Lyon" }]);
		const [streamed] = (await messages.stream(ask).finalMessage()).content;
		assert.deepEqual(streamed?.type === "tool_use" && streamed.input, { city: "Lyon" });
		const result = { type: "tool_result" as const, tool_use_id: call.id, content: "11 degrees" };
		const history = [...MESSAGES, { role: "assistant" as const, content: whole.content }, { role: "user" as const, content: [result] }];
		const next = await messages.create({ ...ask, tool_choice: { type: "auto" }, messages: history });
		assert.ok(next.usage.input_tokens > whole.usage.input_tokens);
	});

	await t.test("shows what a model thinks, whole and streamed", async () => {
		const thinking = { type: "enabled" as const, budget_tokens: 1024 };
		const ask = { ...ASK, model: "door-think", max_tokens: 2000, thinking };
		for (const answer of [await messages.create(ask), await messages.stream(ask).finalMessage()]) {
			const [thought, text] = answer.content;
			assert.equal(thought?.type === "thinking" && thought.thinking, "Who asks now?");
			assert.equal(text?.type === "text" && text.text, "A friend.");
		}
	});

	await t.test("leaves a stream, which ends the generation", async () => {
		const stream = messages.stream({ ...ASK, model: "door-endless", max_tokens: 50_000 });
		await assert.rejects(async () => {
			for await (const event of stream) if (event.type === "content_block_delta") stream.abort();
		}, APIUserAbortError);
		const [left] = await world.endedWith("abandoned");
		assert.deepEqual([left?.operation, left?.phase, left?.usage?.estimated], ["v1-messages", "streaming", true]);
		await world.assertStopped();
	});
});

test("Anthropic's SDK for JavaScript throws its RateLimitError", async (t) => {
	const world = await startClientWorld(t, "admission: { requests_per_minute: 1, burst: 1 }\n");
	const { messages } = clientOf(world, world.user);
	await messages.create(ASK);
	const error = await thrownBy(messages.create(ASK));
	assert.ok(error instanceof RateLimitError);
	assert.equal(error.type, "rate_limit_error");
});

test("Anthropic's SDK for JavaScript throws its InternalServerError where the model server cannot be reached", async (t) => {
	const world = await startClientWorld(t, "", { unreachable: true });
	const error = await thrownBy(clientOf(world, world.user).messages.create(ASK));
	assert.ok(error instanceof InternalServerError);
	assert.deepEqual([error.status, error.type], [502, "api_error"]);
});

function clientOf({ url }: ClientWorld, apiKey: string): Anthropic {
	return new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
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

function textOf({ content }: Anthropic.Message): string {
	return content.map((block) => (block.type === "text" ? block.text : "")).join("");
}
