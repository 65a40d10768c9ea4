/** A budget that runs out in the middle of an answer: the caller reads a whole stream, the upstream is cancelled, what passed is charged. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { ask } from "../support/asks.ts";
import { recordingOf, recordsIn } from "../support/cut-stream.ts";
import { eventually } from "../support/eventually.ts";
import type { FakeRequest } from "../support/fake-upstream.ts";
import { startGateway } from "../support/gateway.ts";
import { connectRaw } from "../support/raw-client.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

const LEFT = 5;
const YAML = `budgets: { few: { unit: output_tokens, limit: ${LEFT}, per: day, window: rolling, on_exhausted: cut } }\n`;

/** The first events of a recording, and its third token for ever; nothing that would end it. */
async function answerEndlessly(request: FakeRequest, scenario: string, tokens: number): Promise<void> {
	const { chunks, answerType } = recordingOf(scenario);
	await request.startStream(answerType);
	const text = Buffer.concat(chunks).toString("utf8");
	const separator = answerType.startsWith("text/") ? "\n\n" : "\n";
	const frames = text.split(separator);
	const token = frames.findIndex((frame) => frame.includes(" is"));
	for (const frame of frames.slice(0, token)) await request.chunk(`${frame}${separator}`);
	for (let sent = 0; sent < tokens; sent++) await request.chunk(`${frames[token]}${separator}`);
}

const stream = { stream: true };
const messages = [{ role: "user", content: "who?" }];
const dialects: readonly (readonly [path: string, scenario: string, body: object, ending: RegExp])[] = [
	["/api/chat", "route-chat-stream", { messages }, /"done":true,"done_reason":"length"/],
	["/api/generate", "route-generate-stream", { prompt: "who?" }, /"done":true,"done_reason":"length"/],
	[
		"/v1/chat/completions",
		"route-v1-chat-stream-usage",
		{ messages, ...stream },
		/"finish_reason":"length"\}\],"rempart":.*\n\ndata: \[DONE\]\n\n$/,
	],
	["/v1/completions", "route-v1-completions-stream-usage", { prompt: "who?", ...stream }, /"finish_reason":"length"\}\],/],
	["/v1/responses", "route-v1-responses-stream", { input: "who?", ...stream }, /event: response\.completed\n.*max_output_tokens/],
	[
		"/v1/messages",
		"route-v1-messages-stream",
		{ messages, max_tokens: 100, ...stream },
		/"stop_reason":"max_tokens".*\n\nevent: message_stop\n/,
	],
];

suite("a budget that runs out in the middle of a stream", () => {
	for (const [path, scenario, body, ending] of dialects) {
		test(`${path} ends with length, the upstream is cancelled, and the connection goes on`, async () => {
			await using upstream = await startWorkedUpstream({ script: (request) => answerEndlessly(request, scenario, 40) });
			await using gateway = await startGateway({ upstreams: [upstream.url], yaml: YAML });
			const key = await gateway.createKey("user");
			const client = await connectRaw({ port: gateway.port });
			await client.send(ask({ path, key, json: { model: "door", ...body } }));
			const answer = await client.readResponse();
			assert.equal(answer.status, 200);
			assert.match(answer.text(), ending);
			const requestId = answer.header("x-request-id");
			assert.ok(
				JSON.stringify(recordsIn(Buffer.from(answer.text()))).includes(
					`"reason":"budget-exceeded","budget":"few","message":"the budget 'few' is used up: 5 output tokens a day`,
				),
			);
			await upstream.work[0]?.connection.departed;
			await eventually(async () => (await gateway.events("request-ended")).length === 1);
			const [ended] = await gateway.events("request-ended");
			assert.partialDeepStrictEqual(ended, { outcome: "cut", reason: "budget-exceeded", status: 200, detail: "few", request: requestId });
			assert.deepEqual([ended?.usage?.outputTokens, ended?.usage?.estimated, ended?.charged?.outputTokens], [LEFT, true, LEFT]);
			await client.send(ask({ path, key, json: { model: "door", ...body } }));
			assert.equal((await client.readResponse()).status, 429);
			assert.equal(upstream.work.length, 1);
			client.destroy();
		});
	}
});
