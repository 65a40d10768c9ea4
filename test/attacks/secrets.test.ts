/**
 * No secret, no prompt and no answer in any sink: recognisable ones go through the whole gateway in every way, then every sink is searched for them.
 *
 * ASVS 5.0 16.2.5 (no credentials in logs); invariants 4 and 10.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ask } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import { recordedEvents, startGateway } from "../support/gateway.ts";
import { requestRaw } from "../support/raw-client.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

const PROMPT = "CANARY-PROMPT-71c2";
const ANSWER = "CANARY-ANSWER-5e0d";
const PASSWORD = "CANARY-PASSWORD-9f13";
const WRONG = `rmp_live_zzzzzzzz_${"CANARYWRONGKEYCANARYWRONGKEY0000"}000000`;

/** Every file below the folder as text. Packed blocks of the log are read through the log itself. */
function filesBelow(folder: string): readonly (readonly [path: string, text: string])[] {
	return readdirSync(folder, { recursive: true, encoding: "utf8" })
		.map((name) => join(folder, name))
		.filter((path) => statSync(path).isFile())
		.map((path) => [path, readFileSync(path).toString("latin1")] as const);
}

test("no sink of a busy gateway holds a credential, a prompt or an answer", async () => {
	const body = JSON.stringify({ model: "door", response: ANSWER, message: { role: "assistant", content: ANSWER }, done: true });
	await using upstream = await startWorkedUpstream({ script: (request) => request.respond(200, body) });
	const gateway = await startGateway({ upstreams: [upstream.url] });
	const key = await gateway.createKey("user");
	const secret = key.slice("rmp_live_12345678_".length);
	const basic = (text: string) => ["Authorization", `Basic ${Buffer.from(text).toString("base64")}`] as const;
	const prompt = { model: "door", prompt: PROMPT, system: PROMPT, stream: false };
	const chat = { model: "door", messages: [{ role: "user", content: PROMPT }], stream: false };
	const requests = [
		ask({ path: "/api/generate", key, json: prompt }),
		ask({ path: "/api/chat", key, json: chat }),
		ask({ path: "/v1/chat/completions", key, json: chat }),
		ask({ path: "/v1/messages", key, json: { ...chat, max_tokens: 5 } }),
		ask({ path: "/api/embed", key, json: { model: "door", input: PROMPT } }),
		ask({ path: "/api/chat", fields: [["X-Api-Key", key]], json: chat }),
		ask({ path: "/api/chat", fields: [basic(`me:${key}`)], json: chat }),
		ask({ path: "/api/chat", fields: [basic(`me:${PASSWORD}`)], json: chat }),
		ask({ path: "/api/chat", key: WRONG, json: chat }),
		ask({ path: "/api/chat", key, fields: [["X-Api-Key", WRONG]], json: chat }),
		ask({ path: "/api/pull", key, json: { model: "door", username: "me", password: PASSWORD } }),
		ask({ path: `/api/tags?key=${secret}&password=${PASSWORD}`, key }),
		ask({ path: "/api/chat", key, json: { ...chat, [`unknown-${"x"}`]: PROMPT } }),
		ask({ path: "/api/chat", key, body: `{"model":"door","messages":"${PROMPT}"}` }),
		ask({ path: "/api/chat", key, body: `{"model":"door","prompt":"${PROMPT}` }),
		Buffer.from(`GET / HTTP/1.1\nAuthorization: Bearer ${key}\r\n\r\n`),
	];
	const canaries = [PROMPT, ANSWER, PASSWORD, WRONG, secret, Buffer.from(`me:${PASSWORD}`).toString("base64")];
	const refused: string[] = [];
	for (const bytes of requests) {
		const answer = await requestRaw({ port: gateway.port }, bytes);
		if (answer.status !== 200) refused.push(answer.text());
	}
	await eventually(async () => (await gateway.events("request-ended")).length === requests.length);
	const sinks: (readonly [string, string])[] = [
		["metrics", await (await fetch(`${gateway.adminUrl}/metrics`)).text()],
		["refusals", refused.join("\n")],
	];
	for (const path of ["/v1/status", "/v1/keys", "/v1/events?limit=1000"]) sinks.push([path, (await gateway.admin.get(path)).text]);
	await gateway.server.stop();
	sinks.push(...filesBelow(gateway.stateDirectory), ["decoded log", JSON.stringify(await recordedEvents(gateway.stateDirectory))]);
	assert.ok(sinks.length > 10);
	for (const [sink, text] of sinks) for (const canary of canaries) assert.ok(!text.includes(canary), `${canary} stands in ${sink}`);
	// That the search can find anything: what is meant to be there is.
	assert.ok(sinks.some(([, text]) => text.includes("request-ended") && text.includes("/api/generate")));
	await gateway[Symbol.asyncDispose]();
});
