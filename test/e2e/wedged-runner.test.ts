/**
 * A runner that takes requests and answers none, as a real Ollama's does after some tens of aborted streams: everything is green and nothing answers,
 * until the model is unloaded.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chat } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import type { FakeRequest } from "../support/fake-upstream.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { connectRaw } from "../support/raw-client.ts";
import { startWorkedUpstream, type WorkedOptions } from "../support/worked-upstream.ts";

const LINE = '{"model":"door","message":{"role":"assistant","content":"x"},"done":false}\n';
const LAST =
	'{"model":"door","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":5000000,"load_duration":1000000,"prompt_eval_count":3,"prompt_eval_duration":1000000,"eval_count":5,"eval_duration":2000000}\n';
const QUICK = "wedge: { floor: 1s, cap: 60s, factor: 2, heal_cooldown: 0s }\nadmission: { burst: 1000, requests_per_minute: 100000 }\n";

/** Answers until a stream was aborted `after` times; from then on takes inference and says nothing, until `keep_alive: 0`. */
function wedging(after: number) {
	const state = { aborted: 0, wedged: false, unloads: 0 };
	const script = async (request: FakeRequest): Promise<void> => {
		const body = JSON.parse((await request.body).toString("utf8")) as { keep_alive?: number; stream?: boolean };
		if (request.target === "/api/show") {
			await request.respond(200, JSON.stringify({ modelfile: "# made by a test\nFROM /models/blobs/sha256-aa\n" }));
			return;
		}
		if (request.target === "/api/generate" && body.keep_alive === 0) {
			state.unloads += 1;
			state.wedged = false;
			state.aborted = 0;
			await request.respond(200, '{"model":"door","done":true,"done_reason":"unload"}');
			return;
		}
		if (state.wedged) return;
		if (body.stream === false) {
			await request.respond(200, LAST);
			return;
		}
		await request.startStream();
		await request.chunk(LINE);
		await request.connection.departed;
		state.aborted += 1;
		state.wedged = state.aborted >= after;
	};
	return { state, script };
}

/** Leaves after the first token, or is told that there is none. */
async function abortedStream(gateway: Gateway, key: string): Promise<number> {
	const client = await connectRaw({ port: gateway.port });
	await client.send(chat(key));
	const { status } = await client.readHead();
	if (status === 200) await client.readChunk();
	client.destroy();
	return status;
}

async function question(gateway: Gateway, key: string, more: Record<string, unknown> = { stream: false }) {
	const client = await connectRaw({ port: gateway.port });
	await client.send(chat(key, { options: { num_predict: 10 }, ...more }));
	const answer = await client.readResponse();
	client.destroy();
	return answer;
}

test("is noticed, answers the waiting callers 504, is unloaded, and the next request works", async () => {
	const { state, script } = wedging(5);
	await using upstream = await startWorkedUpstream({ script });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: QUICK });
	const key = await gateway.createKey("user");
	assert.equal((await question(gateway, key)).status, 200);
	for (let round = 0; round < 5; round++) await abortedStream(gateway, key);
	await eventually(() => state.wedged);

	const answers = await Promise.all([question(gateway, key), question(gateway, key, {}), question(gateway, key, { stream: false })]);
	assert.deepEqual(
		answers.map(({ status }) => status),
		[504, 504, 504],
	);
	for (const answer of answers) {
		assert.match(answer.text(), /try again in a few seconds/);
		assert.ok(Number(answer.header("retry-after")) > 0);
	}
	await eventually(async () => (await gateway.events("runner-healed")).length > 0);
	assert.equal(state.unloads, 1);
	assert.equal((await question(gateway, key)).status, 200);
	const [wedged] = await gateway.events("runner-wedged");
	assert.equal(wedged?.model, "registry.ollama.ai/library/door:latest");
	assert.equal(wedged?.waiting, 3);
	const faults = (await gateway.events("request-ended")).filter(({ fault }) => fault === "runner-wedged");
	assert.equal(faults.length, 3);
});

test("is not unloaded where the operator's setting forbids it", async () => {
	const { state, script } = wedging(1);
	await using upstream = await startWorkedUpstream({ script });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: QUICK.replace("floor", "heal: false, floor") });
	const key = await gateway.createKey("user");
	await question(gateway, key);
	await abortedStream(gateway, key);
	await eventually(() => state.wedged);
	assert.equal((await question(gateway, key)).status, 504);
	assert.equal(state.unloads, 0);
	assert.deepEqual(await gateway.events("runner-healed"), []);
});

test("is noticed under another name of the same weights, as models made from one file share a runner", async () => {
	const { state, script } = wedging(1);
	await using upstream = await startWorkedUpstream({ script, models: ["door", "first"], loaded: ["first"] });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: QUICK });
	const key = await gateway.createKey("user");
	await question(gateway, key);
	await abortedStream(gateway, key);
	await eventually(() => state.wedged);
	assert.equal((await question(gateway, key)).status, 504);
	await eventually(() => state.unloads === 1);
});

test("a model that is not loaded yet is waited for, not healed", async () => {
	const hanging: WorkedOptions = {
		loaded: [],
		script: async (request) => {
			const body = (await request.body).toString("utf8");
			if (request.target === "/api/show") await request.respond(200, "{}");
			else if (body.includes('"warm"')) await request.respond(200, LAST);
		},
	};
	await using upstream = await startWorkedUpstream(hanging);
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: QUICK });
	const key = await gateway.createKey("user");
	await question(gateway, key, { stream: false, messages: [{ role: "user", content: "warm" }] });
	const client = await connectRaw({ port: gateway.port });
	await client.send(chat(key, { stream: false, options: { num_predict: 10 } }));
	const slow = await nextInference(upstream);
	// The gateway asks what is loaded when it has waited for the bound; that question is the sign that it made up its mind.
	const psBefore = upstream.fake.requests.filter(({ target }) => target === "/api/ps").length;
	await eventually(() => upstream.fake.requests.filter(({ target }) => target === "/api/ps").length > psBefore);
	await slow.respond(200, LAST);
	assert.equal((await client.readResponse()).status, 200);
	client.destroy();
	assert.deepEqual(await gateway.events("runner-wedged"), []);
});

async function nextInference(upstream: Awaited<ReturnType<typeof startWorkedUpstream>>): Promise<FakeRequest> {
	for (;;) {
		const request = await upstream.nextWork();
		if (!(await request.body).toString("utf8").includes('"warm"')) return request;
	}
}

test("two hundred aborted streams in a row leave nobody hanging", async () => {
	const { state, script } = wedging(41);
	await using upstream = await startWorkedUpstream({ script });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: QUICK });
	const key = await gateway.createKey("user");
	assert.equal((await question(gateway, key)).status, 200);
	for (let round = 0; round < 200; round++) {
		const status = await abortedStream(gateway, key);
		assert.ok(status === 200 || status === 504, `round ${round}: ${status}`);
	}
	assert.ok(state.unloads >= 4);
	await eventually(async () => (await gateway.admin.get("/v1/status")).text.includes('"requests":0'));
});
