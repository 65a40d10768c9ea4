/** Requests that are signed as the `ollama` program signs them, through a whole gateway: what opens, what does not, and what reaches the upstream. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";

import type { PrincipalView } from "../../src/keys/enrolled/principal-view.ts";
import { ask } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { type OllamaClientKey, ollamaClientKey } from "../support/ollama-client-key.ts";
import { connectRaw, type RawResponse } from "../support/raw-client.ts";
import { startWorkedUpstream, type WorkedUpstream } from "../support/worked-upstream.ts";

const GENERATE = { model: "door", prompt: "who?" };
const LIST = '{"models":[{"name":"door:latest","model":"door:latest"}]}';

interface Signing {
	readonly method?: string;
	readonly path?: string;
	/** What goes into the request line; the signature is over the path. */
	readonly target?: string;
	readonly seconds?: number;
	readonly json?: unknown;
	readonly fields?: readonly (readonly [string, string])[];
}

function signed(
	client: OllamaClientKey,
	{ method = "GET", path = "/api/tags", target, seconds = now(), json, fields = [] }: Signing = {},
): Buffer {
	const credential = client.authorization(method, path, seconds);
	return ask({ method, path: target ?? `${path}?ts=${seconds}`, json, fields: [["Authorization", credential], ...fields] });
}

const now = () => Math.floor(Date.now() / 1000);

async function enrol(gateway: Gateway, client: OllamaClientKey, role = "user"): Promise<string> {
	const made = await gateway.admin.post("/v1/principals", { name: `client ${role}`, role, ollamaKey: client.line });
	assert.equal(made.status, 201, made.text);
	const { id } = made.json() as PrincipalView;
	return id;
}

function connect({ port, ca }: Gateway) {
	return connectRaw({ port, ...(ca === "" ? {} : { tls: { ca } }) });
}

async function answered(gateway: Gateway, request: Buffer): Promise<RawResponse> {
	const client = await connect(gateway);
	await client.send(request);
	const answer = await client.readResponse();
	client.destroy();
	return answer;
}

async function listing(): Promise<WorkedUpstream> {
	return await startWorkedUpstream({ script: (request) => request.respond(200, LIST) });
}

test("over TLS: refused in one way whatever is wrong, recorded by what it was, and nothing of it reaches the upstream", async () => {
	await using upstream = await listing();
	await using gateway = await startGateway({ upstreams: [upstream.url], tls: true });
	const ada = ollamaClientKey();
	const eve = ollamaClientKey();
	await enrol(gateway, ada);
	const key = await gateway.createKey("user");
	const other = `/api/ps?ts=${now()}`;
	const cases: readonly (readonly [what: string, request: Buffer, reason: string])[] = [
		["nobody's key", signed(eve), "credential-unknown"],
		["another path", signed(ada, { target: other }), "credential-wrong"],
		["an escaped path", signed(ada, { target: `/api/t%61gs?ts=${now()}` }), "credential-wrong"],
		["another's signature", signed({ ...ada, authorization: mixed(ada, eve) }), "credential-wrong"],
		["an old one", signed(ada, { seconds: now() - 90 }), "credential-stale"],
		["one of tomorrow", signed(ada, { seconds: now() + 86_400 }), "credential-stale"],
		["no time", signed(ada, { target: "/api/tags" }), "credential-malformed"],
		["two times", signed(ada, { target: `/api/tags?ts=${now()}&ts=${now()}` }), "credential-malformed"],
		["a second parameter", signed(ada, { target: `/api/tags?ts=${now()}&insecure=1` }), "credential-malformed"],
		["a key besides", signed(ada, { fields: [["x-api-key", key]] }), "credential-ambiguous"],
	];
	const words = new Set<string>();
	for (const [what, request] of cases) {
		const answer = await answered(gateway, request);
		assert.equal(answer.status, 401, what);
		words.add(`${answer.text()} ${answer.header("www-authenticate")}`);
	}
	assert.equal(words.size, 1);
	assert.equal(upstream.work.length, 0);
	const reasons = async () => (await gateway.events("request-started")).map(({ reason }) => reason);
	await eventually(async () => (await reasons()).length >= cases.length);
	assert.deepEqual(
		await reasons(),
		cases.map(([, , reason]) => reason),
	);
});

function mixed(ada: OllamaClientKey, eve: OllamaClientKey): OllamaClientKey["authorization"] {
	return (...signedOver) => `${ada.publicKey}:${eve.authorization(...signedOver).split(":")[1]}`;
}

test("over TLS: let in with the rights of its role, as often as it comes, and the upstream sees neither time nor signature", async () => {
	await using upstream = await listing();
	await using gateway = await startGateway({ upstreams: [upstream.url], tls: true });
	const ada = ollamaClientKey();
	const id = await enrol(gateway, ada);
	const same = signed(ada);
	for (let time = 0; time < 3; time += 1) assert.equal((await answered(gateway, same)).status, 200);
	assert.equal((await answered(gateway, signed(ada, { method: "POST", path: "/api/pull", json: { model: "door" } }))).status, 403);
	assert.equal(upstream.work.length, 3);
	for (const { connection } of upstream.work) assert.doesNotMatch(connection.raw.toString("latin1"), /ts=|AAAAC3|authorization/i);

	const starts = async () => (await gateway.events("request-started")).filter(({ principal }) => principal === id);
	await eventually(async () => (await starts()).length === 4);
	const [first] = await starts();
	assert.deepEqual([first?.principalName, first?.role, first?.path], ["client user", "user", "/api/tags"]);
	assert.ok(!JSON.stringify(await starts()).includes("AAAAC3"));
});

test("to be removed ends a running answer and holds from the next request on, also on an open connection", async () => {
	await using upstream = await startWorkedUpstream();
	await using gateway = await startGateway({ upstreams: [upstream.url], tls: true });
	const ada = ollamaClientKey();
	const id = await enrol(gateway, ada);
	const streaming = await connect(gateway);
	await streaming.send(signed(ada, { method: "POST", path: "/api/generate", json: GENERATE }));
	const request = await upstream.nextWork();
	await request.startStream();
	await request.chunk('{"model":"door","response":"The","done":false}\n');
	await streaming.readHead();
	const idle = await connect(gateway);
	await idle.send(signed(ada));
	await (await upstream.nextWork()).respond(200, LIST);
	assert.equal((await idle.readResponse()).status, 200);

	assert.equal((await gateway.admin.post(`/v1/principals/${id}/remove`, {})).status, 200);
	await request.connection.departed;
	assert.match((await streaming.readToEnd()).toString("utf8"), /\{"error":/);
	await idle.send(signed(ada));
	assert.equal((await idle.readResponse()).status, 401);
	idle.destroy();
});

test("in clear text it is refused, until the operator says otherwise; a reload is enough for that and for the clock", async () => {
	await using upstream = await listing();
	await using gateway = await startGateway({ upstreams: [upstream.url] });
	const ada = ollamaClientKey();
	await enrol(gateway, ada);
	assert.equal((await answered(gateway, signed(ada))).status, 401);
	const before = await readFile(gateway.configFile, "utf8");
	await writeFile(gateway.configFile, `${before}identities: { ollama: { clear_text: true, clock_skew: 5m } }\n`);
	assert.ok((await gateway.server.reload()).reloaded);
	assert.equal((await answered(gateway, signed(ada, { seconds: now() - 200 }))).status, 200);
	await writeFile(gateway.configFile, `${before}identities: { ollama: { clear_text: true } }\n`);
	assert.ok((await gateway.server.reload()).reloaded);
	assert.equal((await answered(gateway, signed(ada, { seconds: now() - 200 }))).status, 401);
	await eventually(async () => (await gateway.events("request-started")).length >= 3);
	const reasons = (await gateway.events("request-started")).map(({ reason }) => reason);
	assert.deepEqual(reasons, ["credential-unprotected", null, "credential-stale"]);
});

test("an enrolment outlives the server, and a removal too", async (t) => {
	await using upstream = await listing();
	const ada = ollamaClientKey();
	const first = await startGateway({ upstreams: [upstream.url], tls: true });
	t.after(() => first[Symbol.asyncDispose]());
	const id = await enrol(first, ada);
	await first.server.stop();
	const { stateDirectory } = first;
	for (const status of [200, 401]) {
		const again = await startGateway({ upstreams: [upstream.url], tls: true, stateDirectory });
		assert.equal((await answered(again, signed(ada))).status, status);
		await again.admin.post(`/v1/principals/${id}/remove`, {});
		await again[Symbol.asyncDispose]();
	}
});
