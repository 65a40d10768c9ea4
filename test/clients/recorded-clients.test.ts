/**
 * Every request that real clients were recorded to send (the `ollama` program, signed and not, the SDKs of Ollama, OpenAI and Anthropic in Python and
 * JavaScript, curl), byte for byte with a credential of ours, through the gateway over TLS: the answers are those that were recorded.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { type ClientWorld, startClientWorld } from "../support/client-world.ts";
import { assertSameBody } from "../support/compare-answers.ts";
import { ggufBytes } from "../support/gguf-bytes.ts";
import { connectRaw, type RawClient, type RawResponse } from "../support/raw-client.ts";
import { type ClientExchange, clientScenarios } from "../support/recorded-clients.ts";

/** Of the recorded upload, whose bytes are not in the recording. */
const RECORDED_DIGEST = "sha256:82f73c6ca0dc1f8210f48e5ee26d40b4181f47b306041a822d4d81afe073010b";
const UPLOAD = ggufBytes();
const UPLOAD_DIGEST = `sha256:${createHash("sha256").update(UPLOAD).digest("hex")}`;
/** From registries in clear text, which names here cannot say. The recorded ones failed too, but not before Ollama had asked there. */
const REFUSED = /^client-cli-(?:signed-)?(?:pull|push)-unreachable$/;

test("requests of recorded clients", async (t) => {
	const world = await startClientWorld(t, "admission: { burst: 10000 }\n");
	// As it was when the recording began, and with the upload there already.
	const weights = await weightsOfDoor(world);
	await send(world, world.admin, "POST", `/api/blobs/${UPLOAD_DIGEST}`, UPLOAD);
	await send(world, world.admin, "POST", "/api/embed", '{"model":"door-embed","input":"who?"}');
	await send(world, world.admin, "POST", "/api/generate", '{"model":"door","prompt":"who?","stream":false}');

	for (const { name, connections } of clientScenarios()) {
		await t.test(name, async () => {
			for (const exchanges of connections) {
				const client = await connect(world);
				for (const exchange of exchanges) {
					await client.send(authorised(exchange, world.admin, weights));
					if (isLeft(exchange)) await assertLeft(client, exchange);
					else await assertAnswered(client, exchange, name, world.upstream.real);
				}
				client.destroy();
			}
		});
	}

	await t.test("are refused as they were recorded, with credentials that are not of this place or none", async () => {
		let sent = 0;
		for (const { connections } of clientScenarios()) {
			for (const { head, body, method } of connections.flat()) {
				const client = await connect(world);
				await client.send(Buffer.concat([Buffer.from(head, "latin1"), body ?? chunked(UPLOAD)]));
				assert.equal((await client.readResponse({ head: method === "HEAD" })).status, 401);
				client.destroy();
				sent += 1;
			}
		}
		assert.ok(sent > 60);
		const strangers = (await world.endedWith("refused")).filter(({ principal }) => principal === null);
		assert.ok(strangers.length > 0 && strangers.every(({ upstream, status }) => upstream === null && status === 401));
	});
});

async function assertAnswered(
	client: RawClient,
	{ method, target, response }: ClientExchange,
	scenario: string,
	shared: boolean,
): Promise<void> {
	const answer = await client.readResponse({ head: method === "HEAD" });
	const what = `${method} ${target}: ${answer.text().slice(0, 300)}`;
	if (REFUSED.test(scenario) && method === "POST") {
		assert.equal(answer.status, 400, what);
		assert.match(answer.text(), /^\{"error":"the model name is not valid/);
		return;
	}
	assert.equal(answer.status, response.status, what);
	assert.equal(answer.header("content-type"), fieldOf(response, "content-type"), what);
	// What a real server has and has loaded is also the doing of other tests.
	const tolerance = shared && /^\/(?:api\/(?:ps|tags)|v1\/models)\b/.test(target) ? { loose: ["models", "data"] } : {};
	assertSameBody(withoutLastEnd(answer.body), withoutLastEnd(response.body), tolerance);
}

/** The client left before the end, so the recording does too. */
async function assertLeft(client: RawClient, { response }: ClientExchange): Promise<void> {
	const head = await client.readHead();
	assert.equal(head.status, response.status);
	const [first] = response.chunks ?? [];
	const chunk = await client.readChunk();
	assert.ok(first !== undefined && chunk !== null);
	assertSameBody(firstLine(chunk), firstLine(first));
	client.destroy();
}

function isLeft({ body, target }: ClientExchange): boolean {
	return target.startsWith("/api/generate") && String(body).includes('"door-endless"');
}

function authorised({ head, body }: ClientExchange, key: string, weights: string): Buffer {
	const [requestLine = "", ...fields] = head.replace(RECORDED_DIGEST, UPLOAD_DIGEST).split("\r\n");
	const others = fields.filter((field) => !/^authorization:/i.test(field));
	const ours = [requestLine, `Authorization: Bearer ${key}`, ...others].join("\r\n");
	// Models are made of the weights that are there already. Both digests are equally long, so the head's length holds.
	const bytes = body === null ? chunked(UPLOAD) : Buffer.from(body.toString("latin1").replace(RECORDED_DIGEST, weights), "latin1");
	return Buffer.concat([Buffer.from(ours, "latin1"), bytes]);
}

function chunked(bytes: Buffer): Buffer {
	return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n0\r\n\r\n")]);
}

async function weightsOfDoor(world: ClientWorld): Promise<string> {
	const shown = (await send(world, world.admin, "POST", "/api/show", '{"model":"door"}')).text();
	const [, hex] = /blobs\/sha256-([0-9a-f]{64})/.exec(shown) ?? [];
	assert.ok(hex !== undefined, shown);
	return `sha256:${hex}`;
}

async function send(world: ClientWorld, key: string, method: string, path: string, body: string | Buffer): Promise<RawResponse> {
	const client = await connect(world);
	const bytes = Buffer.from(body);
	const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
	await client.send(Buffer.concat([Buffer.from(head), bytes]));
	const answer = await client.readResponse();
	client.destroy();
	assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text()}`);
	return answer;
}

function connect({ gateway }: ClientWorld): Promise<RawClient> {
	return connectRaw({ port: gateway.port, tls: { ca: gateway.ca, alpn: ["h2", "http/1.1"] } });
}

function fieldOf({ headers }: ClientExchange["response"], name: string): string | null {
	return headers.find(([each]) => each.toLowerCase() === name)?.[1] ?? null;
}

/** What was filtered is written anew, without the line end that some of Ollama's answers have. */
function withoutLastEnd(body: Buffer): Buffer {
	return body.at(-1) === 0x0a ? body.subarray(0, -1) : body;
}

function firstLine(bytes: Buffer): Buffer {
	return bytes.subarray(0, bytes.indexOf("\n") + 1);
}
