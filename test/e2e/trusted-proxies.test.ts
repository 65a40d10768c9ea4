/** The gateway behind proxies of the operator's own: whose word about a caller is taken, and whose is not. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import tls from "node:tls";

import { ask } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { plausibleOllama } from "../support/plausible-ollama.ts";
import { connectRaw, RawClient, type RawResponse } from "../support/raw-client.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

const CLEAR = 'gateway: { listen: "127.0.0.1:0", tls: { mode: off }';
const TRUSTING = `${CLEAR}, trusted_proxies: ["127.0.0.1", "10.0.0.0/8"] }\n`;
const SPEAKING = `${CLEAR}, trusted_proxies: ["127.0.0.1"], proxy_protocol: true }\n`;

type Fields = readonly (readonly [string, string])[];

async function asked({ port }: Gateway, bytes: Buffer, localAddress = "127.0.0.1"): Promise<RawResponse | null> {
	const client = await connectRaw({ port, localAddress });
	await client.send(bytes);
	try {
		return await client.readResponseOrEnd();
	} finally {
		client.destroy();
	}
}

/** The address on record for the last request, once it is there. */
async function peerOf(gateway: Gateway, answer: RawResponse | null): Promise<string | undefined> {
	const id = answer?.header("x-request-id") ?? assert.fail("no answer");
	let peer: string | undefined;
	await eventually(async () => {
		peer = (await gateway.events("request-started")).find(({ request }) => request === id)?.peer;
		return peer !== undefined;
	});
	return peer;
}

test("with an empty configuration nobody's word is taken", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({ upstreams: [upstream.url] });
	const key = await gateway.createKey("user");
	for (const name of ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "Cf-Connecting-IP"]) {
		const answer = await asked(gateway, ask({ path: "/api/version", key, fields: [[name, "203.0.113.9"]] }), "127.0.0.3");
		assert.equal(await peerOf(gateway, answer), "127.0.0.3", name);
	}
	assert.deepEqual(upstream.work.at(-1)?.header("x-forwarded-for"), ["127.0.0.3"]);
	const answer = await asked(gateway, Buffer.concat([HEADER_V4, ask({ path: "/api/version", key })]));
	assert.equal(answer?.status, 400);
});

test("the right-most address that is none of ours is the caller, and Ollama is told so", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: TRUSTING });
	const key = await gateway.createKey("user");
	const cases: readonly (readonly [from: string, fields: Fields, peer: string | null])[] = [
		["127.0.0.1", [["X-Forwarded-For", "203.0.113.9"]], "203.0.113.9"],
		["127.0.0.1", [["X-Forwarded-For", "127.0.0.1, 198.51.100.1, 203.0.113.9, 10.1.2.3"]], "203.0.113.9"],
		[
			"127.0.0.1",
			[
				["X-Forwarded-For", "198.51.100.1"],
				["X-Forwarded-For", "203.0.113.9"],
			],
			"203.0.113.9",
		],
		["127.0.0.1", [], "127.0.0.1"],
		["127.0.0.1", [["Forwarded", "for=203.0.113.9"]], "127.0.0.1"],
		["127.0.0.1", [["X-Forwarded-For", "203.0.113.9:1234"]], null],
		["127.0.0.1", [["X-Forwarded-For", "unknown"]], null],
		["127.0.0.2", [["X-Forwarded-For", "203.0.113.9"]], "127.0.0.2"],
		["127.0.0.2", [["X-Forwarded-For", "unknown"]], "127.0.0.2"],
	];
	for (const [from, fields, peer] of cases) {
		const answer = await asked(gateway, ask({ path: "/api/version", key, fields }), from);
		assert.equal(answer?.status, peer === null ? 400 : 200, JSON.stringify(fields));
		if (peer === null) continue;
		assert.equal(await peerOf(gateway, answer), peer, JSON.stringify(fields));
		assert.deepEqual(upstream.work.at(-1)?.header("x-forwarded-for"), [peer]);
	}
});

test("no identity that a field claims is believed or forwarded, not even a trusted proxy's", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: TRUSTING });
	const claims: Fields = ["Remote-User", "X-Forwarded-User", "X-Auth-Request-User", "X-Rempart-Principal"].map((name) => [name, "admin"]);
	assert.equal((await asked(gateway, ask({ path: "/api/tags", fields: claims })))?.status, 401);
	const key = await gateway.createKey("user");
	assert.equal((await asked(gateway, ask({ path: "/api/version", key, fields: claims })))?.status, 200);
	assert.deepEqual(
		upstream.work.at(-1)?.headers.filter(([, value]) => value === "admin"),
		[],
	);
});

test("the bounds of one address are a caller's, not a proxy's", async () => {
	await using upstream = await startWorkedUpstream();
	const limits = "limits: { drain_timeout: 1s, connections: { unauthenticated_per_address: 1, per_address: 1 } }\n";
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: TRUSTING + limits });
	const open = await Promise.all(Array.from({ length: 5 }, () => connectRaw({ port: gateway.port })));
	for (const client of open.toReversed()) {
		await client.send(ask({ path: "/api/version" }));
		assert.equal((await client.readResponse()).status, 401);
	}
	const [first, second] = [
		await connectRaw({ port: gateway.port, localAddress: "127.0.0.2" }),
		await connectRaw({ port: gateway.port, localAddress: "127.0.0.2" }),
	];
	assert.equal((await second.readToEnd()).length, 0);
	for (const client of [...open, first]) client.destroy();
});

test("who is trusted follows the configuration", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: TRUSTING });
	const key = await gateway.createKey("user");
	const bytes = ask({ path: "/api/version", key, fields: [["X-Forwarded-For", "203.0.113.9"]] });
	assert.equal(await peerOf(gateway, await asked(gateway, bytes)), "203.0.113.9");
	const written = await readFile(gateway.configFile, "utf8");
	await writeFile(gateway.configFile, written.replace('"127.0.0.1", "10.0.0.0/8"', '"10.0.0.0/8"'));
	assert.equal((await gateway.server.reload()).reloaded, true);
	assert.equal(await peerOf(gateway, await asked(gateway, bytes)), "127.0.0.1");
});

const SIGNATURE = "0d0a0d0a000d0a515549540a";
const HEADER_V4 = Buffer.from(`${SIGNATURE}2111000ccb0071097f000001d4312cab`, "hex");
const HEADER_V6 = Buffer.from(`${SIGNATURE}2121002420010db8000000000000000000000007${"00".repeat(15)}01d4312cab`, "hex");
const HEADER_LOCAL = Buffer.from(`${SIGNATURE}20000000`, "hex");

test("a proxy's connection says first whose it is, in however many pieces it comes", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: SPEAKING });
	const key = await gateway.createKey("user");
	const request = ask({ path: "/api/version", key, fields: [["X-Forwarded-For", "198.51.100.1"]] });
	for (const [header, peer] of [
		[HEADER_V4, "203.0.113.9"],
		[HEADER_V6, "2001:db8::7"],
		[HEADER_LOCAL, "198.51.100.1"],
	] as const) {
		assert.equal(await peerOf(gateway, await asked(gateway, Buffer.concat([header, request]))), peer);
	}
	const client = await connectRaw({ port: gateway.port });
	for (const octet of HEADER_V4) await client.send(Buffer.of(octet));
	for (let each = 0; each < 2; each++) {
		await client.send(request);
		assert.equal(await peerOf(gateway, await client.readResponse()), "203.0.113.9");
	}
	client.destroy();
});

test("a proxy's connection without the header is closed unanswered, and nobody else's may begin with one", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: SPEAKING });
	const key = await gateway.createKey("user");
	const request = ask({ path: "/api/version", key });
	const cut = Buffer.concat([HEADER_V4.subarray(0, 14), Buffer.from([0xff, 0xff]), request]);
	for (const bytes of [
		request,
		cut,
		Buffer.from("PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\n"),
		Buffer.concat([HEADER_V4, HEADER_V4, request]),
	]) {
		const answer = await asked(gateway, bytes);
		assert.ok(answer === null || answer.status === 400, String(answer?.status));
	}
	assert.equal((await asked(gateway, Buffer.concat([HEADER_V4, request]), "127.0.0.2"))?.status, 400);
	assert.equal((await asked(gateway, request, "127.0.0.2"))?.status, 200);
	assert.equal(upstream.work.length, 1);
});

test("the header stands before the handshake of TLS", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({
		upstreams: [upstream.url],
		yaml: 'gateway: { listen: "127.0.0.1:0", trusted_proxies: ["127.0.0.1"], proxy_protocol: true }\n',
		tls: true,
	});
	const key = await gateway.createKey("user");
	const clear = await connectRaw({ port: gateway.port });
	await clear.send(HEADER_V4);
	clear.socket.removeAllListeners("data");
	const socket = tls.connect({ socket: clear.socket, ca: gateway.ca, servername: "localhost", ALPNProtocols: ["http/1.1"] });
	const client = new RawClient(socket);
	await client.send(ask({ path: "/api/version", key }));
	assert.equal(await peerOf(gateway, await client.readResponse()), "203.0.113.9");
	client.destroy();
});
