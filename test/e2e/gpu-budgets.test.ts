/** Budgets of GPU time in a real server: they end what says nothing as well as what talks, and whoever was ended has paid for its time. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { ask } from "../support/asks.ts";
import { recordingOf } from "../support/cut-stream.ts";
import { eventually } from "../support/eventually.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { connectRaw, type RawResponse } from "../support/raw-client.ts";
import { startWorkedUpstream, type WorkedOptions } from "../support/worked-upstream.ts";

const GPU = "budgets: { gpu: { unit: gpu_seconds, limit: 0.5, per: day, window: rolling, on_exhausted: cut } }\n";
const MONEY = `budgets: { gpu: { unit: money, limit: 0.5, per: day, window: rolling, on_exhausted: cut } }\nprices: { "*": { gpu_second: 1 } }\n`;
const messages = [{ role: "user", content: "who?" }];

async function ended(yaml: string, script: NonNullable<WorkedOptions["script"]>, path: string, body: object): Promise<RawResponse> {
	await using upstream = await startWorkedUpstream({ script });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml });
	const key = await gateway.createKey("user");
	const client = await connectRaw({ port: gateway.port });
	await client.send(ask({ path, key, json: { model: "door", ...body } }));
	const answer = await client.readResponse();
	await upstream.work[0]?.connection.departed;
	await assertPaid(gateway);
	await client.send(ask({ path, key, json: { model: "door", ...body } }));
	assert.equal((await client.readResponse()).status, 429);
	assert.equal(upstream.work.length, 1);
	client.destroy();
	return answer;
}

async function assertPaid(gateway: Gateway): Promise<void> {
	await eventually(async () => (await gateway.events("request-ended")).length === 1);
	const [event] = await gateway.events("request-ended");
	assert.equal(event?.reason, "budget-exceeded");
	const gpuUs = event?.charged?.gpuUs ?? 0;
	assert.ok(gpuUs > 200_000, `${gpuUs}`);
	assert.ok((event?.charged?.inputTokens ?? 0) > 0);
	const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
	assert.match(metrics, /^rempart_budget_overshoot_total 0$/m);
	assert.match(metrics, /^rempart_budget_reservations 0$/m);
}

suite("a budget of GPU time that is used up", () => {
	for (const [what, yaml] of [
		["of seconds", GPU],
		["of money", MONEY],
	] as const) {
		test(`${what} ends an answer in one piece before it is there`, async () => {
			const answer = await ended(yaml, () => undefined, "/v1/chat/completions", { messages, max_tokens: 50 });
			assert.equal(answer.status, 429);
			assert.equal(JSON.parse(answer.text()).error.code, "insufficient_quota");
			assert.ok(Number(answer.header("retry-after")) > 0);
		});
	}

	test("ends a stream that has not begun with a refusal", async () => {
		assert.equal((await ended(GPU, () => undefined, "/api/chat", { messages })).status, 429);
	});

	for (const [path, scenario, ending] of [
		["/api/chat", "route-chat-stream", /"done":true,"done_reason":"length".*"rempart":\{"reason":"budget-exceeded","budget":"gpu"/],
		["/v1/chat/completions", "route-v1-chat-stream-usage", /"finish_reason":"length"\}\],"rempart":.*\n\ndata: \[DONE\]\n\n$/],
		["/v1/messages", "route-v1-messages-stream", /"stop_reason":"max_tokens".*\n\nevent: message_stop\n/],
		["/v1/responses", "route-v1-responses-stream", /event: response\.completed\n.*max_output_tokens/],
	] as const) {
		test(`ends a stream of ${path} that has stopped talking, with length`, async () => {
			const { chunks, answerType } = recordingOf(scenario);
			const text = Buffer.concat(chunks).toString("utf8");
			const separator = answerType.startsWith("text/") ? "\n\n" : "\n";
			const frames = text.split(separator);
			const token = frames.findIndex((frame) => frame.includes(" is"));
			const answer = await ended(
				GPU,
				async (request) => {
					await request.startStream(answerType);
					await request.chunk(`${frames.slice(0, token + 1).join(separator)}${separator}`);
				},
				path,
				{ ...(path.includes("responses") ? { input: "who?" } : { messages }), max_tokens: 50, stream: true },
			);
			assert.equal(answer.status, 200);
			assert.match(answer.text(), ending);
		});
	}

	test("ends a stream that began and says nothing, or stops in the middle of a frame, with an error or without its end", async () => {
		for (const [path, type, said, rest] of [
			[
				"/v1/messages",
				"text/event-stream",
				'event: message_start\ndata: {"type":"message_start"}\n\n',
				/^event: message_start\n[^]*\n\nevent: error\ndata: /,
			],
			["/api/chat", "application/x-ndjson", '{"model":"door","mess', /^\{"model":"door","mess$/],
		] as const) {
			const script: WorkedOptions["script"] = async (request) => {
				await request.startStream(type);
				await request.chunk(said);
			};
			await using upstream = await startWorkedUpstream({ script });
			await using gateway = await startGateway({ upstreams: [upstream.url], yaml: GPU });
			const client = await connectRaw({ port: gateway.port });
			const key = await gateway.createKey("user");
			await client.send(ask({ path, key, json: { model: "door", messages, max_tokens: 50, stream: true } }));
			await client.readHead();
			const text = (await client.readToEnd()).toString("utf8").replaceAll(/(?<=^|\r\n)[0-9a-f]+\r\n|\r\n/g, "");
			assert.match(text, rest);
			assert.ok(!text.includes("\r\n0\r\n"));
			await upstream.work[0]?.connection.departed;
			await assertPaid(gateway);
			client.destroy();
		}
	});
});
