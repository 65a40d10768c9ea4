/**
 * What is recorded of a request's usage is what the server told its caller, in every dialect, streamed and whole; and of a caller who leaves early,
 * what was seen until then.
 */
import assert from "node:assert/strict";
import { test } from "node:test";

import type { Usage } from "../../src/model/usage.ts";
import { type ClientWorld, startClientWorld } from "../support/client-world.ts";
import { eventually } from "../support/eventually.ts";
import { startWedgingUpstream } from "../support/wedging-upstream.ts";

const MESSAGES = [{ role: "user", content: "who is there?" }];
const TOOLS = [
	{ type: "function", function: { name: "get_weather", description: "Weather", parameters: { type: "object", properties: {} } } },
];
const WEATHER = { name: "get_weather", description: "Weather", input_schema: { type: "object", properties: {} } };
/** Vectors of these are more than the meter keeps of a whole answer. */
const MANY = Array.from({ length: 150 }, (_, i) => `text ${i}`);

type Ask = readonly [what: string, path: string, body: Readonly<Record<string, unknown>>];

/** Without `stream`, which the test adds both ways. */
const STREAMABLE: readonly Ask[] = [
	["generate", "/api/generate", { model: "door", prompt: "who?" }],
	["generate, ended by its bound", "/api/generate", { model: "door-endless", prompt: "x", options: { num_predict: 40 } }],
	["generate with log probabilities", "/api/generate", { model: "door", prompt: "who?", logprobs: true, top_logprobs: 3 }],
	["chat", "/api/chat", { model: "door", messages: MESSAGES }],
	["chat with tools", "/api/chat", { model: "door-tool", messages: MESSAGES, tools: TOOLS }],
	["chat with thoughts", "/api/chat", { model: "door-think", messages: MESSAGES, think: true }],
	["OpenAI's chat", "/v1/chat/completions", { model: "door", messages: MESSAGES }],
	["OpenAI's chat with tools", "/v1/chat/completions", { model: "door-tool", messages: MESSAGES, tools: TOOLS }],
	["OpenAI's chat, ended by its bound", "/v1/chat/completions", { model: "door-endless", messages: MESSAGES, max_tokens: 40 }],
	["OpenAI's completion", "/v1/completions", { model: "door", prompt: "who?" }],
	["OpenAI's response", "/v1/responses", { model: "door", input: "who?" }],
	["OpenAI's response with thoughts", "/v1/responses", { model: "door-think", input: "who?", reasoning: { effort: "high" } }],
	["Anthropic's message", "/v1/messages", { model: "door", max_tokens: 50, messages: MESSAGES }],
	["Anthropic's message with tools", "/v1/messages", { model: "door-tool", max_tokens: 50, messages: MESSAGES, tools: [WEATHER] }],
	["Anthropic's message, ended by its bound", "/v1/messages", { model: "door-endless", max_tokens: 40, messages: MESSAGES }],
];

const WHOLE: readonly Ask[] = [
	["embed", "/api/embed", { model: "door-embed", input: "a text" }],
	["embed of many texts", "/api/embed", { model: "door-embed", input: MANY }],
	["OpenAI's embeddings", "/v1/embeddings", { model: "door-embed", input: ["a text", "another"] }],
	["OpenAI's embeddings of many texts", "/v1/embeddings", { model: "door-embed", input: MANY }],
];

const UNUSED: readonly Ask[] = [
	["a model that is not there", "/api/chat", { model: "nobody", messages: MESSAGES }],
	["the same in OpenAI's dialect", "/v1/chat/completions", { model: "nobody", messages: MESSAGES }],
	["the same in Anthropic's dialect", "/v1/messages", { model: "nobody", max_tokens: 5, messages: MESSAGES, stream: true }],
	["a question about a model", "/api/show", { model: "door" }],
];

test("usage", async (t) => {
	const world = await startClientWorld(t, "admission: { burst: 10000 }\n");

	for (const [what, path, body] of STREAMABLE) {
		await t.test(`of ${what} is what the server reported, streamed and whole`, async () => {
			const whole = await exchange(world, path, { ...body, stream: false });
			const reported = reportedIn([JSON.parse(whole.text)]);
			assert.deepEqual(await usageOf(world, whole.id), reported);
			assert.ok(reported.promptTokens > 0 && reported.outputTokens > 0);

			const asked = path.startsWith("/v1/c") ? { stream_options: { include_usage: true } } : {};
			const streamed = await exchange(world, path, { ...body, ...asked, stream: true });
			const told = reportedIn(framesIn(streamed.text));
			assert.deepEqual(await usageOf(world, streamed.id), told);
			assert.deepEqual([told.promptTokens, told.outputTokens], [reported.promptTokens, reported.outputTokens]);
		});
	}

	for (const path of ["/v1/chat/completions", "/v1/completions"]) {
		await t.test(`of a stream of ${path} is known although its caller did not ask for it and does not see it`, async () => {
			const body = { model: "door", messages: MESSAGES, prompt: "who?", stream: true };
			const { id, text } = await exchange(world, path, body);
			assert.doesNotMatch(text, /usage/);
			assert.deepEqual([(await usageOf(world, id))?.outputTokens, (await usageOf(world, id))?.estimated], [9, false]);
		});
	}

	for (const [what, path, body] of WHOLE) {
		await t.test(`of ${what} is what the server reported`, async () => {
			const { id, text } = await exchange(world, path, body);
			const reported = reportedIn([JSON.parse(text)]);
			assert.deepEqual(await usageOf(world, id), reported);
			assert.ok(reported.promptTokens > 0);
		});
	}

	await t.test("of the older embeddings, which report none, is estimated", async () => {
		const { id } = await exchange(world, "/api/embeddings", { model: "door-embed", prompt: "a text of some length" });
		const usage = await usageOf(world, id);
		assert.ok(usage !== null && usage.estimated && usage.promptTokens > 0 && usage.outputTokens === 0);
	});

	for (const [what, path, body] of UNUSED) {
		await t.test(`of ${what} is none`, async () => {
			const { id } = await exchange(world, path, body);
			assert.equal(await usageOf(world, id), null);
		});
	}

	for (const [what, path, body] of STREAMABLE.filter(([name]) => name.endsWith("bound"))) {
		await t.test(`of ${what.split(",")[0]}, left early, is what was seen`, async () => {
			const unbounded = { ...body, stream: true, max_tokens: 100_000, options: {} };
			const departure = new AbortController();
			const response = await post(world, path, unbounded, departure.signal);
			const seen = await readTokens(response, 20);
			departure.abort();
			const ended = await world.ended(response.headers.get("x-request-id") ?? "");
			assert.deepEqual([ended.outcome, ended.usage?.estimated], ["abandoned", true]);
			const { promptTokens, outputTokens } = ended.usage ?? assert.fail("no usage");
			assert.ok(promptTokens > 0);
			// More may have passed here than this end has read; no frame is shorter than this.
			assert.ok(outputTokens >= seen && outputTokens <= ended.bytesOut / 50, `${outputTokens} of ${ended.bytesOut} bytes, ${seen} seen`);
		});
	}

	await t.test("of a caller who leaves before the answer begins is not made up", async () => {
		const departure = new AbortController();
		const asked = post(world, "/api/generate", { model: "door-endless", prompt: "x", stream: false }, departure.signal);
		await eventually(async () => (await world.gateway.admin.get("/v1/status")).text.includes('"requests":1'));
		departure.abort();
		await assert.rejects(asked, { name: "AbortError" });
		const unanswered = async () => (await world.endedWith("abandoned")).filter(({ status }) => status === 499);
		await eventually(async () => (await unanswered()).length > 0);
		assert.deepEqual(
			(await unanswered()).map(({ operation, phase, usage }) => [operation, phase, usage]),
			[["generate", "waiting", null]],
		);
	});
});

test("two hundred streams that are left one after the other leave nobody hanging", async (t) => {
	const settings = "wedge: { floor: 2s, cap: 20s, factor: 2, heal_cooldown: 0s }\nadmission: { burst: 10000 }\n";
	const world = await startClientWorld(t, settings, {
		// Its runner wedges as a real one was seen to, only more often.
		demonstration: () => startWedgingUpstream({ afterAborted: 60 }),
	});
	const ask = { model: "door", prompt: "who?", options: { num_predict: 20 } };
	assert.equal((await exchange(world, "/api/generate", { ...ask, stream: false })).status, 200);
	let left = 0;
	for (let round = 0; round < 200; round++) {
		const departure = new AbortController();
		const response = await post(world, "/api/generate", { model: "door", prompt: "x" }, departure.signal);
		if (response.status === 200) {
			await readTokens(response, 1);
			left += 1;
		} else assert.equal(response.status, 504, await response.text());
		departure.abort();
	}
	assert.ok(left >= 180, `${left} streams`);
	await eventually(async () => (await exchange(world, "/api/generate", { ...ask, stream: false })).status === 200);
	await eventually(async () => (await world.gateway.admin.get("/v1/status")).text.includes('"requests":0'));
	const wedged = await world.gateway.events("runner-wedged");
	t.diagnostic(`the runner wedged ${wedged.length} times`);
	if (!world.upstream.real) assert.ok(wedged.length >= 3);
	await eventually(async () => (await world.gateway.events("runner-healed")).length === wedged.length);
});

interface Exchanged {
	readonly id: string;
	readonly status: number;
	readonly text: string;
}

async function exchange(world: ClientWorld, path: string, body: Readonly<Record<string, unknown>>): Promise<Exchanged> {
	const response = await post(world, path, body);
	return { id: response.headers.get("x-request-id") ?? "", status: response.status, text: await response.text() };
}

function post({ url, user }: ClientWorld, path: string, body: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<Response> {
	const headers = { authorization: `Bearer ${user}`, "content-type": "application/json" };
	return fetch(url + path, { method: "POST", headers, body: JSON.stringify(body), signal: signal ?? null });
}

async function usageOf(world: ClientWorld, id: string): Promise<Usage | null> {
	return (await world.ended(id)).usage;
}

/** Reads until so many tokens were seen; says how many. */
async function readTokens({ body }: Response, count: number): Promise<number> {
	let seen = 0;
	const decoder = new TextDecoder();
	const reader = body?.getReader() ?? assert.fail("no body");
	while (seen < count) {
		const { done, value } = await reader.read();
		assert.ok(!done && value !== undefined, `the stream ended after ${seen} tokens`);
		// Anthropic's stream has frames around its tokens.
		seen += framesIn(decoder.decode(value)).filter(({ type }) => type === undefined || type === "content_block_delta").length;
	}
	return seen;
}

type Frame = Readonly<Record<string, unknown>>;

/** Of NDJSON or server-sent events. */
function framesIn(text: string): readonly Frame[] {
	return text
		.split("\n")
		.map((line) => line.replace(/^data: /, ""))
		.filter((line) => line.startsWith("{") && line.endsWith("}"))
		.map((line): Frame => JSON.parse(line));
}

/** The last numbers that any of the frames tells, in whatever dialect. */
function reportedIn(frames: readonly Frame[]): Usage {
	const usage: Record<string, unknown> = {};
	for (const frame of frames) {
		const holders = [frame, frame["usage"], inside(frame, "message", "usage"), inside(frame, "response", "usage")];
		for (const holder of holders) if (typeof holder === "object") Object.assign(usage, holder);
	}
	const count = (...names: readonly string[]) => names.map((name) => usage[name]).find((value) => typeof value === "number") ?? null;
	return {
		promptTokens: count("prompt_eval_count", "prompt_tokens", "input_tokens") ?? 0,
		outputTokens: count("eval_count", "completion_tokens", "output_tokens") ?? 0,
		totalNs: count("total_duration"),
		loadNs: count("load_duration"),
		promptNs: count("prompt_eval_duration"),
		evalNs: count("eval_duration"),
		estimated: false,
	};
}

function inside(frame: Frame, outer: string, inner: string): unknown {
	const held = frame[outer];
	return typeof held === "object" && held !== null ? Object.entries(held).find(([name]) => name === inner)?.[1] : undefined;
}
