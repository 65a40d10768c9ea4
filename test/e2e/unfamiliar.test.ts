/** A principal that comes from elsewhere with something else: recorded, served, and recorded once. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ask } from "../support/asks.ts";
import { startGateway } from "../support/gateway.ts";
import { requestRaw } from "../support/raw-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

test("a principal known from another country and another client is recorded when it comes from here, once, and served", async (context) => {
	const folder = temporaryDirectory(context);
	const stateDirectory = join(folder, "state");
	mkdirSync(stateDirectory, { mode: 0o700 });
	const now = Date.now();
	const snapshot = [["htpasswd:alice", now - 172_800_000, [["DE", now]], [["10.1.0.0/16", now]], [["ollama", now]]]];
	writeFileSync(join(stateDirectory, "familiar.json"), JSON.stringify({ version: 1, snapshot }), { mode: 0o600 });
	writeFileSync(join(folder, "users"), "alice:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n", { mode: 0o600 });
	await using upstream = await startWorkedUpstream({ script: (request) => request.respond(200, '{"models":[]}') });
	writeFileSync(join(folder, "countries.csv"), "10.0.0.0,10.255.255.255,DE\n127.0.0.0,127.255.255.255,IS\n");
	const yaml = `events: { countries: "${join(folder, "countries.csv")}" }\nidentities: { htpasswd: { file: "${join(folder, "users")}" } }\n`;
	await using gateway = await startGateway({ upstreams: [upstream.url], stateDirectory, yaml });
	const authorization = ["Authorization", `Basic ${Buffer.from("alice:correct horse").toString("base64")}`] as const;
	for (let times = 0; times < 2; times += 1) {
		const answer = await requestRaw({ port: gateway.port }, ask({ fields: [authorization, ["User-Agent", "python-requests/2.32"]] }));
		assert.equal(answer.status, 200);
	}
	const [first] = await gateway.events("request-started");
	const told = await gateway.events("principal-unfamiliar");
	assert.deepEqual(
		told.map(({ principal, what, seen, usual, request }) => [principal, what, seen, usual, request]),
		[
			["htpasswd:alice", "country", "IS", "DE", first?.request],
			["htpasswd:alice", "client", "python-requests", "ollama", first?.request],
		],
	);
});
