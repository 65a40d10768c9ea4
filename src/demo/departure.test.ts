/** A caller that leaves stops the generation at once, however it leaves and whatever it was waiting for. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { connectRaw, type RawClient } from "../../test/support/raw-client.ts";
import { type Job, type Runner, ScriptedRunner } from "./runner.ts";
import { type Demonstration, startDemonstration } from "./server.ts";

/** Longer than any test: only a departure ends the wait for a token. */
const NEVER_MS = 3_600_000;
const MESSAGES = [{ role: "user", content: "x" }];
const CANCELED = "error reading llama-server response: context canceled";

const leavings: readonly (readonly [how: string, leave: (client: RawClient) => void])[] = [
	["FIN alone", (client) => client.halfClose()],
	["closing", (client) => client.destroy()],
	["RST", (client) => client.reset()],
];

for (const [how, leave] of leavings) {
	test(`${how} stops a stream between tokens`, async (t) => {
		const { client, runner } = await asking(t, 0, "/api/generate", { model: "door-endless", prompt: "x" });
		await client.readUntil("clack");
		leave(client);
		await runner.stopped;
	});

	test(`${how} stops the wait for the first token`, async (t) => {
		const { client, runner } = await asking(t, NEVER_MS, "/api/generate", { model: "door-endless", prompt: "x" });
		await runner.started;
		leave(client);
		await runner.stopped;
	});

	test(`${how} stops an answer that is not streamed`, async (t) => {
		const { client, runner } = await asking(t, NEVER_MS, "/v1/chat/completions", { model: "door", messages: MESSAGES });
		await runner.started;
		leave(client);
		await runner.stopped;
	});
}

/** After a FIN the caller still reads. Compared by hand with what a real Ollama wrote. */
const farewells: readonly (readonly [path: string, body: unknown, farewell: RegExp])[] = [
	["/api/generate", { model: "door-endless", prompt: "x" }, new RegExp(`\\{"error":"${CANCELED}"\\}\n\r\n0\r\n\r\n$`)],
	["/api/chat", { model: "door-endless", messages: MESSAGES }, new RegExp(`\\{"error":"${CANCELED}"\\}\n\r\n0\r\n\r\n$`)],
	[
		"/v1/chat/completions",
		{ model: "door-endless", messages: MESSAGES, stream: true },
		/"model":"","system_fingerprint":"fp_ollama","choices":\[\{"index":0,"delta":\{"content":""\},"finish_reason":null\}\]\}\n\n\r\n0\r\n\r\n$/,
	],
	[
		"/v1/completions",
		{ model: "door-endless", prompt: "x", stream: true },
		/"created":[1-9]\d+,"choices":\[\{"text":"","index":0,"finish_reason":null\}\],"model":"","system_fingerprint":"fp_ollama"\}\n\n\r\n0\r\n\r\n$/,
	],
	["/v1/responses", { model: "door-endless", input: "x", stream: true }, /"type":"response.output_text.delta"\}\n\n\r\n0\r\n\r\n$/],
	[
		"/v1/messages",
		{ model: "door-endless", max_tokens: 99_999, messages: MESSAGES, stream: true },
		/\{"type":"text_delta","text":"[a-z ]+"\}\}\n\n\r\n0\r\n\r\n$/,
	],
];

for (const [path, body, farewell] of farewells) {
	test(`a stream of ${path} that was left ends as recorded`, async (t) => {
		const { client } = await asking(t, 0, path, body);
		await client.readUntil("clack");
		client.halfClose();
		assert.match((await client.readToEnd()).toString(), farewell);
	});
}

for (const path of ["/api/chat", "/v1/chat/completions", "/v1/messages"]) {
	test(`a whole answer of ${path} that was left is a failure with the recorded words`, async (t) => {
		const { client, runner } = await asking(t, NEVER_MS, path, { model: "door", max_tokens: 9, messages: MESSAGES, stream: false });
		await runner.started;
		client.halfClose();
		const answer = await client.readResponse();
		assert.equal(answer.status, 500);
		assert.match(answer.text(), new RegExp(CANCELED));
		assert.equal(await client.closed, "end");
	});
}

async function asking(t: TestContext, paceMs: number, path: string, body: unknown) {
	const runner = new WatchedRunner(paceMs);
	const server: Demonstration = await startDemonstration({ host: "127.0.0.1", port: 0, clock: Date.now, runner });
	t.after(() => server.close());
	const client = await connectRaw(server);
	t.after(() => client.destroy());
	const json = JSON.stringify(body);
	await client.send(`POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${json.length}\r\n\r\n${json}`);
	return { client, runner };
}

class WatchedRunner extends ScriptedRunner implements Runner {
	readonly started: Promise<void>;
	readonly stopped: Promise<void>;
	readonly #start: () => void;
	readonly #stop: () => void;

	constructor(paceMs: number) {
		super(paceMs);
		const [started, stopped] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		this.started = started.promise;
		this.stopped = stopped.promise;
		this.#start = started.resolve;
		this.#stop = stopped.resolve;
	}

	override async *generate(job: Job, departed: AbortSignal): AsyncGenerator<number, void, void> {
		try {
			this.#start();
			yield* super.generate(job, departed);
		} finally {
			this.#stop();
		}
	}
}
