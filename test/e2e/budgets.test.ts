/**
 * Budgets in a real server: fifty callers at once, a restart in the middle, and what callers are told in their own dialect.
 *
 * Their windows roll: what renews at midnight would be there again for whoever runs this at that moment.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { answersJson, type FakeRequest, startFakeUpstream } from "../support/fake-upstream.ts";
import { startGateway } from "../support/gateway.ts";

const ANSWER = {
	model: "door:latest",
	created_at: "2026-11-23T12:00:00Z",
	message: { role: "assistant", content: "open" },
	done: true,
	done_reason: "stop",
	total_duration: 3_000_000_000,
	load_duration: 1_000_000_000,
	prompt_eval_count: 10,
	prompt_eval_duration: 500_000_000,
	eval_count: 20,
	eval_duration: 1_500_000_000,
};

interface Said {
	readonly status: number;
	readonly headers: Headers;
	readonly body: string;
}

async function chat(url: string, key: string, more: object = {}, path = "/api/chat"): Promise<Said> {
	const response = await fetch(`${url}${path}`, {
		method: "POST",
		headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
		body: JSON.stringify({ model: "door", messages: [{ role: "user", content: "hello" }], stream: false, max_tokens: 50, ...more }),
	});
	return { status: response.status, headers: response.headers, body: await response.text() };
}

function native(url: string, key: string, numPredict = 50): Promise<Said> {
	return chat(url, key, { max_tokens: undefined, options: { num_predict: numPredict } });
}

test("of fifty callers at once no more are let in than the budget has room for, and it says why the others are not", async () => {
	await using upstream = disposable(await startFakeUpstream(answersJson(ANSWER)));
	const yaml = "budgets: { few: { unit: requests, limit: 7, per: day, window: rolling, scope: everyone } }\n";
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml });
	const keys = [await gateway.createKey("user"), await gateway.createKey("user")];
	const all = await Promise.all(Array.from({ length: 50 }, (_, at) => native(gateway.url, keys[at % 2] ?? "")));
	assert.equal(all.filter(({ status }) => status === 200).length, 7);
	const refused = all.find(({ status }) => status !== 200);
	assert.equal(refused?.status, 429);
	assert.match(JSON.parse(refused?.body ?? "{}").error, /the budget 'few' is used up: 7 requests a day; there is room again at 20/);
	assert.ok(Number(refused?.headers.get("retry-after")) > 0);
	assert.equal(refused?.headers.get("ratelimit-policy"), '"few";q=7;w=86400;qu="requests"');
	assert.match(refused?.headers.get("ratelimit") ?? "", /^"few";r=0;t=\d+$/);
	assert.equal(upstream.requests.filter(({ target }) => target === "/api/chat").length, 7);
	await eventually(async () => (await gateway.events("request-ended")).filter(({ reason }) => reason === "budget-exceeded").length === 43);
});

test("tokens that are held are given back when the truth is known, and GPU time is divided among those that run together", async () => {
	const waiting: FakeRequest[] = [];
	await using upstream = disposable(
		await startFakeUpstream((request) => {
			if (request.target === "/api/chat") waiting.push(request);
			else void request.respond(200, "{}");
		}),
	);
	const yaml =
		"budgets: { daily: { unit: output_tokens, limit: 100, per: day, window: rolling }, gpu: { unit: gpu_seconds, limit: 1000, per: day } }\n";
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml });
	const key = await gateway.createKey("user");
	const began = performance.now();
	const both = [native(gateway.url, key), native(gateway.url, key)];
	await eventually(() => waiting.length === 2);
	assert.equal((await native(gateway.url, key)).status, 429);
	for (const request of waiting) await request.respond(200, JSON.stringify(ANSWER));
	for (const { status } of await Promise.all(both)) assert.equal(status, 200);
	const charges = async () => (await gateway.events("request-ended")).filter(({ charged }) => charged !== null);
	await eventually(async () => (await charges()).length === 2);
	const ended = await charges();
	const passedUs = (performance.now() - began) * 1_000;
	for (const { charged } of ended) {
		assert.deepEqual([charged?.inputTokens, charged?.outputTokens], [10, 20]);
		assert.ok((charged?.gpuUs ?? 0) > 0);
	}
	// They say that they had three seconds each; no more passed than this.
	const together = ended.reduce((sum, { charged }) => sum + (charged?.gpuUs ?? 0), 0);
	assert.ok(together <= passedUs, `${together} of ${passedUs}`);
	const third = native(gateway.url, key);
	await eventually(() => waiting.length === 3);
	await waiting[2]?.respond(200, JSON.stringify(ANSWER));
	assert.equal((await third).status, 200);
});

test("an answer in one piece is bounded by what is left, because it cannot be ended in the middle", async () => {
	await using upstream = disposable(await startFakeUpstream(answersJson(ANSWER)));
	const yaml = "budgets: { daily: { unit: output_tokens, limit: 60, per: day, window: rolling, on_exhausted: cut } }\n";
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml });
	const key = await gateway.createKey("user");
	const options: unknown[] = [];
	for (let request = 0; request < 4; request++) await native(gateway.url, key, 1_000);
	for (const request of upstream.requests) {
		if (request.target === "/api/chat") options.push(((await request.json()) as { options: { num_predict: number } }).options.num_predict);
	}
	assert.deepEqual(options, [60, 40, 20]);
});

test("prompts that are four times as dense as they look do not pass a budget, however many come at once", async () => {
	const content = "7".repeat(400);
	const answer = { ...ANSWER, prompt_eval_count: 430 };
	await using upstream = disposable(await startFakeUpstream(answersJson(answer)));
	const yaml = "budgets: { prompts: { unit: input_tokens, limit: 3000, per: day, window: rolling, scope: everyone } }\n";
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml });
	const key = await gateway.createKey("user");
	const dense = () => chat(gateway.url, key, { messages: [{ role: "user", content }] });
	for (let round = 0; round < 4; round++) {
		const all = await Promise.all(Array.from({ length: 20 }, dense));
		if (round === 0) assert.ok(all.some(({ status }) => status === 200));
	}
	const used = upstream.requests.filter(({ target }) => target === "/api/chat").length * 430;
	assert.ok(used > 2_000 && used <= 3_000 + 430, `${used}`);
	assert.match(await (await fetch(`${gateway.adminUrl}/metrics`)).text(), /^rempart_budget_overshoot_total 0$/m);
	assert.match(await (await fetch(`${gateway.adminUrl}/metrics`)).text(), /^rempart_budget_reservations 0$/m);
});

test("every dialect is told of its budgets where its SDK looks, and refused in its own words", async () => {
	const openai = { id: "x", object: "chat.completion", choices: [], usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 } };
	const anthropic = { id: "x", type: "message", role: "assistant", content: [], usage: { input_tokens: 10, output_tokens: 20 } };
	await using upstream = disposable(
		await startFakeUpstream(async (request) => {
			await request.body;
			const answer = request.target.includes("messages") ? anthropic : request.target.includes("/v1/") ? openai : ANSWER;
			await request.respond(200, JSON.stringify(answer));
		}),
	);
	const yaml =
		"budgets: { daily: { unit: tokens, limit: 5000, per: day, window: rolling }, calls: { unit: requests, limit: 3, per: hour, window: rolling } }\n";
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml });
	const key = await gateway.createKey("user");

	const first = await chat(gateway.url, key, {}, "/v1/chat/completions");
	assert.equal(first.status, 200, first.body);
	assert.equal(first.headers.get("x-ratelimit-limit-requests"), "3");
	assert.equal(first.headers.get("x-ratelimit-remaining-requests"), "2");
	assert.match(first.headers.get("x-ratelimit-reset-requests") ?? "", /^(\d+h)?(\d+m)?[\d.]+s$|^\d+ms$/);
	assert.equal(first.headers.get("x-ratelimit-limit-tokens"), "5000");
	assert.match(first.headers.get("ratelimit-policy") ?? "", /"daily";q=5000;w=86400;qu="tokens"/);
	assert.match(first.headers.get("ratelimit") ?? "", /"calls";r=2;t=\d+/);

	const second = await chat(gateway.url, key, {}, "/v1/messages");
	assert.equal(second.status, 200, second.body);
	assert.equal(second.headers.get("anthropic-ratelimit-requests-limit"), "3");
	assert.equal(second.headers.get("anthropic-ratelimit-requests-remaining"), "1");
	assert.match(second.headers.get("anthropic-ratelimit-tokens-reset") ?? "", /^20\d\d-\d\d-\d\dT/);
	assert.equal((await native(gateway.url, key)).status, 200);

	const [ollama, open, anthropicSaid] = [
		await native(gateway.url, key),
		await chat(gateway.url, key, {}, "/v1/chat/completions"),
		await chat(gateway.url, key, {}, "/v1/messages"),
	];
	for (const { status, headers } of [ollama, open, anthropicSaid]) {
		assert.equal(status, 429);
		assert.ok(Number(headers.get("retry-after")) > 0);
	}
	assert.match(JSON.parse(ollama.body).error, /budget 'calls' is used up/);
	assert.equal(JSON.parse(open.body).error.code, "insufficient_quota");
	assert.equal(JSON.parse(anthropicSaid.body).error.type, "rate_limit_error");
});

test("a reload keeps what was used, and a restart does too", async () => {
	await using upstream = disposable(await startFakeUpstream(answersJson(ANSWER)));
	const yaml = "budgets: { few: { unit: requests, limit: 2, per: day, window: rolling } }\n";
	await using state = await startGateway({ upstreams: [upstream.url], yaml });
	const key = await state.createKey("user");
	assert.equal((await native(state.url, key)).status, 200);
	assert.equal((await state.server.reload()).reloaded, true);
	assert.equal((await native(state.url, key)).status, 200);
	assert.equal((await native(state.url, key)).status, 429);
	await state.server.stop();
	await using again = await startGateway({ upstreams: [upstream.url], yaml, stateDirectory: state.stateDirectory });
	assert.equal((await native(again.url, key)).status, 429);
});

interface Me {
	readonly id: string;
	readonly role: string;
	readonly groups: readonly string[];
	readonly budgets: readonly {
		readonly name: string;
		readonly limit: number;
		readonly used: number;
		readonly remaining: number;
		readonly renews_at: string | null;
	}[];
}

function own(url: string, key: string | null, path = "/rempart/me", more: RequestInit = {}): Promise<Response> {
	return fetch(`${url}${path}`, { ...more, headers: key === null ? {} : { authorization: `Bearer ${key}` } });
}

test("GET /rempart/me is refused to strangers, and with anything besides", async () => {
	await using upstream = disposable(await startFakeUpstream(answersJson(ANSWER)));
	await using gateway = await startGateway({ upstreams: [upstream.url] });
	const key = await gateway.createKey("user");
	for (const [status, path, more] of [
		[404, "/rempart/you", {}],
		[404, "/rempart/me/", {}],
		[404, "/rempart/me?key=other", {}],
		[405, "/rempart/me", { method: "DELETE" }],
		[405, "/rempart/me", { method: "POST", body: "{}" }],
		[403, "/rempart/me", { headers: { origin: "https://evil.example" } }],
	] as const) {
		const headers = { authorization: `Bearer ${key}`, ...("headers" in more ? more.headers : {}) };
		const response = await fetch(`${gateway.url}${path}`, { ...more, headers });
		assert.equal(response.status, status, path);
		if (status === 405) assert.equal(response.headers.get("allow"), "GET, HEAD");
		assert.equal((await own(gateway.url, null, path)).status, 401, path);
	}
});

test("GET /rempart/me tells a caller its own budgets, a role without probe nothing, and is on record", async () => {
	await using upstream = disposable(await startFakeUpstream(answersJson(ANSWER)));
	const yaml = `budgets:
  daily: { unit: output_tokens, limit: 100, per: day, window: rolling }
  monthly: { unit: output_tokens, limit: 1000, per: month }
  others: { unit: requests, limit: 5, per: day, for: { roles: [admin] } }
roles: { blind: { classes: [infer] } }
`;
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml });
	const key = await gateway.createKey("user");
	await native(gateway.url, key);
	const response = await own(gateway.url, key);
	assert.equal(response.status, 200);
	assert.equal(response.headers.get("cache-control"), "no-store");
	const me = (await response.json()) as Me;
	assert.deepEqual([me.role, me.groups, me.budgets.length], ["user", [], 2]);
	const [daily, monthly] = me.budgets;
	assert.deepEqual([daily?.name, daily?.limit, daily?.used, daily?.remaining], ["daily", 100, 20, 80]);
	// Whether it was used in this month or in the one before, should that end at this moment.
	if (monthly?.renews_at !== null) assert.equal(new Date(monthly?.renews_at ?? "").getTime() % 86_400_000, 0);
	assert.equal((await own(gateway.url, key, "/rempart/me", { method: "HEAD" })).status, 200);
	assert.equal((await own(gateway.url, await gateway.createKey("blind"))).status, 403);
	await eventually(async () =>
		(await gateway.events("request-ended")).some(({ status, operation }) => status === 200 && operation === null),
	);
	assert.ok((await gateway.events("request-started")).some((event) => event.path === "/rempart/me" && event.decision === "permit"));
	assert.ok(upstream.requests.every(({ target }) => !target.startsWith("/rempart")));
});

function disposable<T extends { close(): Promise<void> }>(closed: T): T & AsyncDisposable {
	return Object.assign(closed, { [Symbol.asyncDispose]: () => closed.close() });
}
