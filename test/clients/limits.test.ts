/** What the SDKs of OpenAI and Anthropic, unmodified, are told of limits: on success and on 429, of the role's rate and of budgets. */
import assert from "node:assert/strict";
import { test } from "node:test";

import Anthropic, { RateLimitError as AnthropicRateLimitError } from "@anthropic-ai/sdk";
import OpenAI, { RateLimitError } from "openai";

import { type ClientWorld, startClientWorld } from "../support/client-world.ts";

const YAML = `roles:
  budgeted: { classes: [probe, read, infer] }
budgets:
  calls: { unit: requests, limit: 2, per: day, for: { roles: [budgeted] } }
  words: { unit: tokens, limit: 5000, per: day, for: { roles: [budgeted] } }
`;
const messages = [{ role: "user" as const, content: "who is there?" }];

function openai({ gateway }: ClientWorld, apiKey: string, maxRetries = 0): OpenAI {
	return new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries });
}

function anthropic({ gateway }: ClientWorld, apiKey: string, maxRetries = 0): Anthropic {
	return new Anthropic({ baseURL: gateway.url, apiKey, maxRetries });
}

async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
	return promise.then(
		() => assert.fail("nothing was thrown"),
		(error: unknown) => error,
	);
}

test("SDKs are told what is left, and do not try again what is used up until tomorrow", async (t) => {
	const world = await startClientWorld(t, YAML);
	const { gateway } = world;

	await t.test("OpenAI's, of the rate where no budget counts requests", async () => {
		const { response } = await openai(world, world.user).models.list().withResponse();
		assert.equal(response.headers.get("x-ratelimit-limit-requests"), "1200");
		assert.match(response.headers.get("x-ratelimit-remaining-requests") ?? "", /^1[01]\d$/);
		assert.match(response.headers.get("x-ratelimit-reset-requests") ?? "", /^\d+ms$/);
		assert.equal(response.headers.get("x-ratelimit-limit-tokens"), null);
	});

	await t.test("OpenAI's, of budgets, whole and streamed, and refused once", async () => {
		const client = openai(world, await gateway.createKey("budgeted"), 2);
		const whole = await client.chat.completions.create({ model: "door", messages }).withResponse();
		assert.equal(whole.response.headers.get("x-ratelimit-limit-requests"), "2");
		assert.equal(whole.response.headers.get("x-ratelimit-remaining-requests"), "1");
		assert.equal(whole.response.headers.get("x-ratelimit-limit-tokens"), "5000");
		assert.ok(Number(whole.response.headers.get("x-ratelimit-remaining-tokens")) > 0);
		const streamed = await client.chat.completions.create({ model: "door", messages, stream: true }).withResponse();
		for await (const chunk of streamed.data) assert.ok(chunk.id !== "");
		assert.equal(streamed.response.headers.get("x-ratelimit-remaining-requests"), "0");
		const before = (await gateway.events("request-ended")).length;
		const error = await thrownBy(client.chat.completions.create({ model: "door", messages }));
		assert.ok(error instanceof RateLimitError);
		assert.deepEqual([error.status, error.code], [429, "insufficient_quota"]);
		assert.equal(error.headers.get("x-ratelimit-remaining-requests"), "0");
		assert.ok(Number(error.headers.get("retry-after")) > 0);
		if (Number(error.headers.get("retry-after")) > 60) assert.equal((await gateway.events("request-ended")).length, before + 1);
	});

	await t.test("Anthropic's, of budgets, whole and streamed, and refused once", async () => {
		const client = anthropic(world, await gateway.createKey("budgeted"), 2);
		const asked = { model: "door", max_tokens: 50, messages };
		const { response } = await client.messages.create(asked).withResponse();
		assert.equal(response.headers.get("anthropic-ratelimit-requests-limit"), "2");
		assert.equal(response.headers.get("anthropic-ratelimit-requests-remaining"), "1");
		assert.equal(response.headers.get("anthropic-ratelimit-tokens-limit"), "5000");
		assert.ok(Date.parse(response.headers.get("anthropic-ratelimit-tokens-reset") ?? "") > Date.now());
		const streamed = await client.messages.create({ ...asked, stream: true }).withResponse();
		for await (const event of streamed.data) assert.ok(event.type !== undefined);
		assert.equal(streamed.response.headers.get("anthropic-ratelimit-requests-remaining"), "0");
		const error = await thrownBy(client.messages.create(asked));
		assert.ok(error instanceof AnthropicRateLimitError);
		assert.equal(error.headers.get("anthropic-ratelimit-requests-remaining"), "0");
	});
});

test("a page of an allowed origin may read each field that it is told", async (t) => {
	const { gateway, user } = await startClientWorld(t, "gateway: { listen: '127.0.0.1:0', origins: ['https://app.example'] }\n");
	for (const path of ["/v1/chat/completions", "/v1/messages"]) {
		const answer = await fetch(`${gateway.url}${path}`, {
			method: "POST",
			headers: { authorization: `Bearer ${user}`, origin: "https://app.example", "content-type": "application/json" },
			body: JSON.stringify({ model: "door", max_tokens: 50, messages }),
		});
		assert.equal(answer.status, 200);
		const exposed = answer.headers.get("access-control-expose-headers")?.split(", ") ?? [];
		const told = Array.from(answer.headers.keys()).filter((name) => name.includes("ratelimit"));
		assert.ok(told.length >= 5);
		for (const name of told) assert.ok(exposed.includes(name), name);
		assert.ok(exposed.includes("x-should-retry"));
	}
});

test("SDKs are told of the rate where that is what refuses", async (t) => {
	const world = await startClientWorld(t, "admission: { requests_per_minute: 1, burst: 1 }\n");
	const asked = { model: "door", max_tokens: 50, messages };

	const open = openai(world, world.user);
	await open.chat.completions.create(asked);
	const refused = await thrownBy(open.chat.completions.create(asked));
	assert.ok(refused instanceof RateLimitError);
	assert.deepEqual(
		["limit", "remaining"].map((each) => refused.headers.get(`x-ratelimit-${each}-requests`)),
		["1", "0"],
	);
	assert.match(refused.headers.get("x-ratelimit-reset-requests") ?? "", /^(5\d(\.\d+)?s|1m0s)$/);
	assert.ok(Number(refused.headers.get("retry-after")) > 50);

	const claude = anthropic(world, world.admin);
	const { response } = await claude.messages.create(asked).withResponse();
	assert.equal(response.headers.get("anthropic-ratelimit-requests-remaining"), "0");
	const denied = await thrownBy(claude.messages.create(asked));
	assert.ok(denied instanceof AnthropicRateLimitError);
	assert.equal(denied.headers.get("anthropic-ratelimit-requests-limit"), "1");
	assert.ok(Date.parse(denied.headers.get("anthropic-ratelimit-requests-reset") ?? "") > Date.now());
});
