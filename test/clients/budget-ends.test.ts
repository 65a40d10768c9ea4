/** An answer without an end, before a server that really makes one (the demonstration, or a real Ollama): a budget ends it, and the model stops. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { startClientWorld } from "../support/client-world.ts";

const LIMIT = 40;
const YAML = `budgets:
  words: { unit: output_tokens, limit: ${LIMIT}, per: month, on_exhausted: cut, for: { roles: [user] } }
  time: { unit: gpu_seconds, limit: 0.4, per: month, on_exhausted: cut, for: { roles: [timed] } }
roles: { timed: { classes: [probe, read, infer] } }
`;
const messages = [{ role: "user", content: "go on" }];

test("a budget ends an answer without an end, and the model stops", async (t) => {
	const world = await startClientWorld(t, YAML);
	const { gateway, url } = world;
	const ask = (key: string, path: string, more: object) =>
		fetch(`${url}${path}`, {
			method: "POST",
			headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
			body: JSON.stringify({ model: "door-endless", stream: true, ...more }),
		});
	for (const [path, body, ending] of [
		["/api/chat", { messages }, /"done":true,"done_reason":"length"/],
		["/api/generate", { prompt: "go on" }, /"done":true,"done_reason":"length"/],
		["/v1/chat/completions", { messages }, /"finish_reason":"length"/],
		["/v1/responses", { input: "go on" }, /"incomplete_details":\{"reason":"max_output_tokens"\}/],
		["/v1/messages", { messages, max_tokens: 10_000 }, /"stop_reason":"max_tokens"/],
	] as const) {
		await t.test(`of tokens, ${path}`, async () => {
			const answer = await ask(await gateway.createKey("user"), path, body);
			assert.equal(answer.status, 200);
			assert.match(await answer.text(), ending);
			const ended = await world.ended(answer.headers.get("x-request-id") ?? "");
			assert.deepEqual([ended.outcome, ended.reason, ended.charged?.outputTokens], ["cut", "budget-exceeded", LIMIT]);
			await world.assertStopped();
		});
		await t.test(`of time, ${path}`, async () => {
			const key = await gateway.createKey("timed");
			const answer = await ask(key, path, body);
			// A model that loads for long uses the time up before it says anything.
			const text = await answer.text();
			if (answer.status === 200) assert.match(text, ending);
			else assert.equal(answer.status, 429);
			const ended = await world.ended(answer.headers.get("x-request-id") ?? "");
			assert.equal(ended.reason, "budget-exceeded");
			assert.ok((ended.charged?.gpuUs ?? 0) > 0);
			assert.equal((await ask(key, path, body)).status, 429);
			if (answer.status === 200) await world.assertStopped();
		});
	}
	assert.match(await (await fetch(`${gateway.adminUrl}/metrics`)).text(), /^rempart_budget_overshoot_total 0$/m);
});
