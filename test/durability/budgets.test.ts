/** `kill -9` between reserving and settling: what was used is charged at the next start, from the log, and what nobody knows by what was held. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { eventually } from "../support/eventually.ts";
import { type FakeRequest, startFakeUpstream } from "../support/fake-upstream.ts";
import { ServerProcess } from "../support/server-process.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ANSWER = { model: "door", message: { role: "assistant", content: "x" }, done: true, prompt_eval_count: 10, eval_count: 20 };

interface Budget {
	readonly name: string;
	readonly used: number;
	readonly held: number;
}

test("a request that ended is charged as it ended, one that was lost as it was held, and no request twice", async (context) => {
	const chats: FakeRequest[] = [];
	const upstream = await startFakeUpstream(async (request) => {
		await request.body;
		if (request.target !== "/api/chat") return await request.respond(200, "{}");
		chats.push(request);
		if (chats.length === 1) await request.respond(200, JSON.stringify(ANSWER));
	});
	context.after(() => upstream.close());
	const options = {
		stateDirectory: join(temporaryDirectory(context), "state"),
		upstream: upstream.url,
		yaml: "budgets: { daily: { unit: output_tokens, limit: 1000, per: day }, calls: { unit: requests, limit: 9, per: day } }",
	};
	const server = await ServerProcess.start(context, options);
	const key = await server.createKey("user");
	const ask = (port: number, numPredict: number): Promise<Response> =>
		fetch(`http://127.0.0.1:${port}/api/chat`, {
			method: "POST",
			headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
			body: JSON.stringify({ model: "door", messages: [], stream: false, options: { num_predict: numPredict } }),
		});
	const standing = async (port: number): Promise<Record<string, readonly [used: number, held: number]>> => {
		const response = await fetch(`http://127.0.0.1:${port}/rempart/me`, { headers: { authorization: `Bearer ${key}` } });
		const { budgets } = (await response.json()) as { budgets: readonly Budget[] };
		return Object.fromEntries(budgets.map(({ name, used, held }) => [name, [used, held]]));
	};

	assert.equal((await ask(server.port, 70)).status, 200);
	const lost = ask(server.port, 70);
	lost.catch(() => undefined);
	await eventually(() => chats.length === 2);
	assert.deepEqual(await standing(server.port), { daily: [20, 70], calls: [2, 0] });
	await eventually(async () => (await server.events()).filter(({ event }) => event.type === "request-started").length >= 3);
	await server.kill();
	await assert.rejects(lost);

	const again = await ServerProcess.start(context, options);
	assert.deepEqual(await standing(again.port), { daily: [90, 0], calls: [2, 0] });
	await again.kill();
	const third = await ServerProcess.start(context, options);
	assert.deepEqual(await standing(third.port), { daily: [90, 0], calls: [2, 0] }, "settled once");
	assert.equal((await third.stop()).code, 0);
	const fourth = await ServerProcess.start(context, options);
	assert.deepEqual(await standing(fourth.port), { daily: [90, 0], calls: [2, 0] });
});
