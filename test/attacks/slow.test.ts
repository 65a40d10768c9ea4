/**
 * Callers that hold on without going on: slow heads, slow bodies, readers that read nothing, idle connections, and too many of any.
 *
 * Times are configured short and nothing is measured: a test waits for the end of the connection and looks at what was recorded.
 */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { ask, chat } from "../support/asks.ts";
import { type Besieged, besieged } from "../support/besieged.ts";
import { eventually } from "../support/eventually.ts";
import { plausibleOllama } from "../support/plausible-ollama.ts";
import { connectRaw, type RawClient } from "../support/raw-client.ts";

const plausible = plausibleOllama();
const LINE = '{"model":"door","message":{"role":"assistant","content":"x"},"done":false}\n';
/** More than the kernel's buffers of a loopback connection take. */
const LONG_BYTES = 6 * 1024 * 1024;

suite("senders", { concurrency: true }, () => {
	const yaml = "limits: { header_timeout: 200ms, body_timeout: 200ms, keep_alive_timeout: 200ms }\n";

	for (const tls of [false, true]) {
		const where = tls ? " over TLS" : "";

		test(`a head that stops half-way is given up: 408, and the connection ends${where}`, async () => {
			await using w = await besieged({ yaml, tls });
			const client = await w.connect();
			await client.send("GET /api/tags HTTP/1.1\r\nHost: localhost\r\nX-a: b");
			const answer = await client.readResponse();
			assert.deepEqual([answer.status, answer.header("connection")], [408, "close"]);
			assert.equal((await recordOf(w, answer.header("x-request-id"))).reason, "head-timeout");
			await client.closed;
		});

		test(`a body that stops half-way is given up: 408, and nothing is forwarded${where}`, async () => {
			await using w = await besieged({ yaml, tls });
			const client = await w.connect();
			await client.send(`POST /api/show HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${w.keys.user}\r\nContent-Length: 1000\r\n\r\n{"mod`);
			const answer = await client.readResponse();
			assert.deepEqual([answer.status, answer.header("connection")], [408, "close"]);
			assert.equal((await recordOf(w, answer.header("x-request-id"))).reason, "body-timeout");
			await client.closed;
			assert.equal(w.forwarded().length, 0);
		});
	}

	test("a head that comes octet by octet is given up although it never stops", async () => {
		await using w = await besieged({ yaml });
		const client = await w.connect();
		await client.send("GET /api/tags HTTP/1.1\r\nHost: localhost\r\nX-a: ");
		await dripUntilClosed(client, "b");
		assert.match((await client.readToEnd()).toString(), /^HTTP\/1\.1 408 /);
	});

	test("a body that comes octet by octet is given up although it never stops", async () => {
		await using w = await besieged({ yaml });
		const client = await w.connect();
		await client.send(`POST /api/show HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${w.keys.user}\r\nTransfer-Encoding: chunked\r\n\r\n`);
		await dripUntilClosed(client, "1\r\n{\r\n");
		assert.match((await client.readToEnd()).toString(), /^HTTP\/1\.1 408 /);
		assert.equal(w.forwarded().length, 0);
	});

	test("an upload that comes octet by octet is given up, and the upstream never gets its end", async () => {
		await using w = await besieged({ yaml, upstream: {} });
		const client = await w.connect();
		const head = `POST /api/blobs/sha256:${"a".repeat(64)} HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${w.keys.admin}\r\nContent-Length: 1000000\r\n\r\n`;
		await client.send(head);
		const request = await w.upstream.nextWork();
		await dripUntilClosed(client, "G");
		await request.connection.departed;
		assert.ok(request.bodySoFar.length < 1_000_000);
	});

	test("a body that keeps up the least rate may take many times as long", async () => {
		await using w = await besieged({ yaml: "limits: { body_timeout: 100ms, body_minimum_rate: 20B }\n" });
		const client = await w.connect();
		const body = '{"model":"door"}'.padEnd(100);
		await client.send(`POST /api/show HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${w.keys.user}\r\nContent-Length: ${body.length}\r\n\r\n`);
		for (const octet of body) {
			await client.send(octet);
			await turn(15);
		}
		assert.equal((await client.readResponse()).status, 200);
		client.destroy();
	});

	test("a connection on which nothing is ever said ends without a word", async () => {
		await using w = await besieged({ yaml });
		const client = await w.connect();
		assert.equal((await client.readToEnd()).length, 0);
		assert.equal((await w.gateway.events("request-ended")).length, 0);
	});

	test("a handshake that stops half-way ends, and gives its place back", async () => {
		await using w = await besieged({ yaml, tls: true });
		const clients = await Promise.all(Array.from({ length: 20 }, () => connectRaw({ port: w.gateway.port })));
		for (const client of clients) await client.send(Buffer.from("160301", "hex"));
		await Promise.all(clients.map((client) => client.closed));
		await eventually(async () => (await openConnections(w)) === 0);
	});

	test("a connection that idles after its answer ends", async () => {
		await using w = await besieged({ yaml });
		const client = await w.connect();
		await client.send(ask({ path: "/api/version", key: w.keys.user }));
		const answer = await client.readResponse();
		assert.deepEqual([answer.status, answer.header("connection")], [200, "keep-alive"]);
		assert.equal((await client.readToEnd()).length, 0);
	});
});

suite("readers", { concurrency: true }, () => {
	test("a caller that reads nothing of its answer is let go, and its generation with it", async () => {
		await using w = await besieged({ yaml: "limits: { write_stall_timeout: 200ms }\n", upstream: {} });
		const client = await w.connect();
		client.socket.pause();
		await client.send(chat(w.keys.user));
		const request = await w.upstream.nextWork();
		await request.startStream();
		let departed = false;
		void request.connection.departed.then(() => {
			departed = true;
		});
		const piece = LINE.repeat(1000);
		while (!departed) {
			void request.chunk(piece);
			await turn(5);
		}
		await eventually(async () => (await w.gateway.events("request-ended")).length > 0);
		const [ended] = await w.gateway.events("request-ended");
		assert.deepEqual([ended?.outcome, ended?.phase], ["abandoned", "streaming"]);
		client.destroy();
	});

	for (const connection of ["keep-alive", "close"] as const) {
		test(`a caller that reads late gets all of a long answer (Connection: ${connection})`, async () => {
			const long = JSON.stringify({ models: [{ name: "door", model: "door", pad: "x".repeat(LONG_BYTES) }] });
			await using w = await besieged({ upstream: { script: (request) => request.respond(200, long) } });
			const client = await w.connect();
			await client.send(ask({ key: w.keys.user, fields: [["Connection", connection]] }));
			await client.readUntil("\r\n\r\n");
			client.socket.pause();
			// The answer is written and its end is queued; more than one sweep and the time for lingering pass until it is read.
			await turn(4000);
			client.socket.resume();
			assert.equal((await client.readBytes(long.length)).length, long.length);
			client.destroy();
		});
	}

	test("a caller that pipelines and reads nothing has one answer made for it, not all of them", async () => {
		const long = JSON.stringify({ models: [{ name: "door", model: "door", pad: "x".repeat(LONG_BYTES) }] });
		await using w = await besieged({
			upstream: { script: (request) => (request.target === "/api/tags" ? request.respond(200, long) : plausible(request)) },
		});
		const client = await w.connect();
		client.socket.pause();
		await client.send(Buffer.concat(Array.from({ length: 50 }, () => ask({ key: w.keys.user }))));
		await eventually(() => w.upstream.work.length > 0);
		for (let other = 0; other < 30; other++) await w.attempt(ask({ path: "/api/show", key: w.keys.user, json: { model: "door" } }));
		assert.ok(w.upstream.work.filter(({ target }) => target === "/api/tags").length <= 2);
		client.socket.resume();
		for (let answer = 0; answer < 3; answer++) assert.equal((await client.readResponse()).body.length, long.length);
		client.destroy();
	});
});

suite("crowds", { concurrency: true }, () => {
	test("strangers beyond their share of an address wait unread, and one who is honest gets through when they are given up", async () => {
		await using w = await besieged({ yaml: "limits: { header_timeout: 1s, connections: { unauthenticated_per_address: 8 } }\n" });
		const strangers = await Promise.all(Array.from({ length: 8 }, () => w.connect()));
		for (const stranger of strangers) await stranger.send("GET /api/tags HTTP/1.1\r\nX-a: ");
		await eventually(async () => (await openConnections(w)) === 8);
		const honest = await w.connect();
		await honest.send(ask({ path: "/api/version", key: w.keys.user }));
		assert.equal((await honest.readResponse()).status, 200);
		for (const stranger of strangers) stranger.destroy();
		honest.destroy();
	});

	test("strangers that idle after their refusal make room at once", async () => {
		await using w = await besieged({ yaml: "limits: { keep_alive_timeout: 1h, connections: { unauthenticated_per_address: 8 } }\n" });
		const strangers = await Promise.all(Array.from({ length: 8 }, () => w.connect()));
		for (const stranger of strangers) {
			await stranger.send(ask({ path: "/api/tags" }));
			assert.equal((await stranger.readResponse()).status, 401);
		}
		const honest = await w.connect();
		await honest.send(ask({ path: "/api/version", key: w.keys.user }));
		assert.equal((await honest.readResponse()).status, 200);
		for (const stranger of strangers) stranger.destroy();
		honest.destroy();
	});

	test("who has shown a key is no stranger, so many callers behind one address get through", async () => {
		await using w = await besieged({ yaml: "limits: { connections: { unauthenticated_per_address: 1 } }\n" });
		const callers = await Promise.all(Array.from({ length: 30 }, () => w.connect()));
		for (const caller of callers) await caller.send(ask({ path: "/api/version", key: w.keys.user }));
		const answers = await Promise.all(callers.map((caller) => caller.readResponse()));
		assert.ok(answers.every(({ status }) => status === 200));
		for (const caller of callers) caller.destroy();
	});

	test("strangers of another address are not made to wait", async () => {
		await using w = await besieged({ yaml: "limits: { connections: { unauthenticated_per_address: 1 } }\n" });
		const stranger = await w.connect();
		await stranger.send("GET /api/tags HTTP/1.1\r\n");
		await eventually(async () => (await openConnections(w)) === 1);
		const honest = await w.connect({ localAddress: "127.0.0.2" });
		await honest.send(ask({ path: "/api/version", key: w.keys.user }));
		assert.equal((await honest.readResponse()).status, 200);
		stranger.destroy();
		honest.destroy();
	});

	for (const [what, limits, other] of [
		["one address may hold", "per_address: 4, unauthenticated_per_address: 4", "127.0.0.2"],
		["all together may hold", "total: 4, per_address: 4, unauthenticated_per_address: 4", null],
	] as const) {
		test(`more connections than ${what} are closed unread and counted`, async () => {
			await using w = await besieged({ yaml: `limits: { connections: { ${limits} } }\n` });
			const first = await Promise.all(Array.from({ length: 4 }, () => w.connect()));
			for (const client of first) {
				await client.send(ask({ path: "/api/version", key: w.keys.user }));
				assert.equal((await client.readResponse()).status, 200);
			}
			const tooMany = await w.connect();
			await tooMany.send(ask({ path: "/api/version", key: w.keys.user }));
			await tooMany.closed;
			assert.equal(tooMany.unread.length, 0);
			await eventually(async () => /^rempart_errors_total\{error="caller_connections_exhausted"\} 1$/m.test(await metrics(w)));
			if (other !== null) {
				const elsewhere = await w.connect({ localAddress: other });
				await elsewhere.send(ask({ path: "/api/version", key: w.keys.user }));
				assert.equal((await elsewhere.readResponse()).status, 200);
				elsewhere.destroy();
			}
			first[0]?.destroy();
			await eventually(async () => (await openConnections(w)) === 3);
			assert.equal((await w.attempt(ask({ path: "/api/version", key: w.keys.user }))).answer.status, 200);
			for (const client of first) client.destroy();
		});
	}

	test("a connection ends after as many requests as it may carry, and says so with the last", async () => {
		await using w = await besieged({ yaml: "limits: { requests_per_connection: 3 }\n" });
		const client = await w.connect();
		await client.send(Buffer.concat(Array.from({ length: 5 }, () => ask({ path: "/api/version", key: w.keys.user }))));
		const said: (string | null)[] = [];
		for (let answer = await client.readResponseOrEnd(); answer !== null; answer = await client.readResponseOrEnd())
			said.push(answer.header("connection"));
		assert.deepEqual(said, ["keep-alive", "keep-alive", "close"]);
	});
});

/** Sends on, an octet or a chunk at a time, for as long as somebody listens. */
async function dripUntilClosed(client: RawClient, piece: string): Promise<void> {
	let open = true;
	void client.closed.then(() => {
		open = false;
	});
	while (open) {
		await client.send(piece);
		await turn(20);
	}
}

async function recordOf(w: Besieged, requestId: string | null) {
	return (await w.recordOf(requestId ?? assert.fail("no request id"))).ended;
}

async function metrics({ gateway }: Besieged): Promise<string> {
	return await (await fetch(new URL("/metrics", gateway.adminUrl))).text();
}

async function openConnections(w: Besieged): Promise<number> {
	return Number(/^rempart_connections (\d+)$/m.exec(await metrics(w))?.[1] ?? assert.fail("no count of connections"));
}

/** Lets others go on; how long it really takes is of no matter. */
function turn(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
