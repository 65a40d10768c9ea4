/** What callers use is counted from the record, and what they never did before is told: through the whole server. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ask } from "../support/asks.ts";
import { rempart } from "../support/cli.ts";
import { startGateway } from "../support/gateway.ts";
import { requestRaw } from "../support/raw-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

const DAY = 86_400_000;
const DONE =
	'{"model":"door:latest","done":true,"response":"x","prompt_eval_count":300,"eval_count":90000,"load_duration":1000000,"prompt_eval_duration":2000000,"eval_duration":3000000,"total_duration":7000000}';

test("a leaked key that is suddenly busy with another model is counted, told and served, and the count is what the record says", async (context) => {
	const folder = temporaryDirectory(context);
	const stateDirectory = join(folder, "state");
	mkdirSync(stateDirectory, { mode: 0o700 });
	const now = Date.now();
	const hour = Math.floor(now / 3_600_000);
	const hours = Array.from({ length: 60 }, (_, index) => 400 + index);
	const days = Array.from({ length: 24 }, () => Math.floor(now / DAY));
	const habits = [["htpasswd:alice", now - 30 * DAY, hour - 1, 400, 0, 0, 30, Math.floor(now / DAY), hours, days, [["qwen3:latest", now]]]];
	writeFileSync(join(stateDirectory, "habits.json"), JSON.stringify({ version: 1, snapshot: habits }), { mode: 0o600 });
	writeFileSync(join(folder, "users"), "alice:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n", { mode: 0o600 });
	await using upstream = await startWorkedUpstream({ script: (request) => request.respond(200, DONE) });
	const yaml = `identities: { htpasswd: { file: "${join(folder, "users")}" } }\nusage: { time_zone: Asia/Tokyo }\n`;
	const options = { upstreams: [upstream.url], stateDirectory, yaml };
	{
		await using gateway = await startGateway(options);
		const authorization = ["Authorization", `Basic ${Buffer.from("alice:correct horse").toString("base64")}`] as const;
		for (let times = 0; times < 2; times += 1) {
			const answer = await requestRaw(
				{ port: gateway.port },
				ask({ method: "POST", path: "/api/generate", fields: [authorization], body: '{"model":"door","prompt":"x","stream":false}' }),
			);
			assert.equal(answer.status, 200);
		}
		await requestRaw({ port: gateway.port }, ask({}));
		const volumes = await gateway.events("anomaly-volume");
		const models = await gateway.events("anomaly-model");
		assert.deepEqual(
			[...volumes, ...models].map(({ principal, seen, usual }) => [principal, seen, usual]),
			[
				["htpasswd:alice", "90300", "429"],
				["htpasswd:alice", "door:latest", "qwen3:latest"],
			],
		);

		const answer = await gateway.admin.get("/v1/usage?by=model");
		assert.equal(answer.status, 200);
		const report = answer.json() as { lines: { of: string | null; outputTokens: number; gpuUs: number }[]; timeZone: string }; // As the route says.
		assert.equal(report.timeZone, "Asia/Tokyo");
		// The upstream says 6 ms of each, of which no more counts than passed.
		const gpuUs = (await gateway.events("request-ended")).reduce((sum, { gpuTimeUs }) => sum + gpuTimeUs, 0);
		assert.ok(gpuUs > 0 && gpuUs <= 12_000, String(gpuUs));
		assert.deepEqual(
			report.lines.map((line) => [line.of, line.outputTokens, line.gpuUs]),
			[
				["door:latest", 180_000, gpuUs],
				[null, 0, 0],
			],
		);
		const compared = await gateway.admin.post("/v1/usage/recompute", {});
		assert.deepEqual((compared.json() as { differences: unknown[] }).differences, []);

		const shown = await rempart(["usage", "--state", stateDirectory, "--format", "csv"]);
		assert.equal(shown.code, 0, shown.err);
		assert.ok(shown.out.includes(`\n"htpasswd:alice","",2,0,0,0,600,180000,${(gpuUs / 1e6).toFixed(6)},`), shown.out);
		const verified = await rempart(["events", "verify", "--state", stateDirectory]);
		assert.match(verified.out, /^the record is intact: \d+ events from 1 \(/);

		// Off is off from the next request on.
		writeFileSync(gateway.configFile, `${readFileSync(gateway.configFile, "utf8")}\ndetection: { anomalies: off }\n`);
		assert.equal((await gateway.admin.post("/v1/config/reload", {})).status, 200);
		await requestRaw(
			{ port: gateway.port },
			ask({ method: "POST", path: "/api/generate", fields: [authorization], body: '{"model":"third","prompt":"x","stream":false}' }),
		);
		assert.equal((await gateway.events("anomaly-model")).length, 1);
	}
	// What is usual now outlives the server.
	assert.match(readFileSync(join(stateDirectory, "habits.json"), "utf8"), /htpasswd:alice.*door:latest/);
});
