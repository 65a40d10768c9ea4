/** The fakes themselves: a fake that lies makes every test that uses it worthless. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { answersJson, cutsAfter, startFakeUpstream, streams } from "./fake-upstream.ts";
import { gate } from "./gate.ts";
import { connectRaw, requestRaw } from "./raw-client.ts";
import { blackHole, cutAfter, held, sliced, slowClose, startToxicProxy } from "./toxic-proxy.ts";

const GET = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

test("the raw client refuses an answer that is not HTTP", async (t) => {
	const upstream = await startFakeUpstream(cutsAfter("HTTP/1.1 200 OK\nA: b\n\n\r\n\r\n", 99));
	t.after(() => upstream.close());
	await assert.rejects(requestRaw(upstream, GET), /not a status line/);
});

test("the raw client refuses an answer framed twice", async (t) => {
	const upstream = await startFakeUpstream(cutsAfter("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 99));
	t.after(() => upstream.close());
	await assert.rejects(requestRaw(upstream, GET), /both/);
});

test("the raw client says what was missing when the connection ends early", async (t) => {
	const upstream = await startFakeUpstream(cutsAfter("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nhello", 42));
	t.after(() => upstream.close());
	await assert.rejects(requestRaw(upstream, GET), /ended \(end\) before 30 bytes; unread: "hel/);
});

test("the fake upstream shows the bytes and the request in them", async (t) => {
	const upstream = await startFakeUpstream(answersJson({ ok: true }));
	t.after(() => upstream.close());
	const sent =
		"POST /api/chat?x HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\nTransfer-Encoding: chunked\r\n\r\n3;e=1\r\nabc\r\n2\r\nde\r\n0\r\nT: x\r\n\r\n";
	const answer = await requestRaw(upstream, sent);
	const [request] = upstream.requests;
	assert.ok(request !== undefined);
	assert.deepEqual([request.method, request.target, request.header("X-A")], ["POST", "/api/chat?x", ["1", "2"]]);
	assert.equal((await request.body).toString(), "abcde");
	assert.equal(request.connection.raw.toString(), sent);
	assert.deepEqual(answer.json(), { ok: true });
});

test("the fake upstream reads one request after another from any slicing", async (t) => {
	const upstream = await startFakeUpstream(answersJson(1));
	t.after(() => upstream.close());
	const client = await connectRaw(upstream);
	t.after(() => client.destroy());
	const two = `POST /1 HTTP/1.1\r\nContent-Length: 2\r\n\r\nab${GET}`;
	for (const byte of two) await client.send(byte);
	await client.readResponse();
	await client.readResponse();
	assert.deepEqual(
		upstream.requests.map(({ target }) => target),
		["/1", "/x"],
	);
});

test("a test plays the upstream chunk by chunk and sees the caller leave", async (t) => {
	const upstream = await startFakeUpstream();
	t.after(() => upstream.close());
	const client = await connectRaw(upstream);
	await client.send(GET);
	const request = await upstream.nextRequest();
	await request.startStream();
	await client.readHead();
	await request.chunk("one\n");
	assert.equal((await client.readChunk())?.toString(), "one\n");
	await request.chunk("two\n");
	assert.equal((await client.readChunk())?.toString(), "two\n");
	client.halfClose();
	await request.connection.departed;
	request.connection.end();
	assert.equal(await request.connection.closed, "ended");
});

test("the fake upstream tells a reset from an end", async (t) => {
	const upstream = await startFakeUpstream();
	t.after(() => upstream.close());
	const client = await connectRaw(upstream);
	await client.send(GET);
	const { connection } = await upstream.nextRequest();
	client.reset();
	assert.equal(await connection.closed, "reset");
});

test("the fake upstream refuses connections and accepts them again", async (t) => {
	const upstream = await startFakeUpstream(streams(["a", "b"]));
	t.after(() => upstream.close());
	await upstream.refuse();
	await assert.rejects(connectRaw(upstream), /ECONNREFUSED/);
	await upstream.accept();
	const answer = await requestRaw(upstream, GET);
	assert.deepEqual(answer.chunks?.map(String), ["a", "b"]);
});

test("the proxy passes both ways, sliced as it is told", async (t) => {
	const upstream = await startFakeUpstream(streams(["hello ", "there"]));
	const proxy = await startToxicProxy(upstream);
	t.after(() => Promise.all([proxy.close(), upstream.close()]));
	proxy.add("up", sliced(1));
	proxy.add("down", sliced(3));
	assert.equal((await requestRaw(proxy, GET)).text(), "hello there");
});

test("the proxy holds bytes until the gate opens", async (t) => {
	const upstream = await startFakeUpstream(answersJson(1));
	const proxy = await startToxicProxy(upstream);
	t.after(() => Promise.all([proxy.close(), upstream.close()]));
	const latency = gate();
	proxy.add("down", held(latency));
	const client = await connectRaw(proxy);
	await client.send(GET);
	await (await upstream.nextRequest()).body;
	assert.equal(client.unread.length, 0);
	latency.open();
	assert.equal((await client.readResponse()).status, 200);
	client.destroy();
});

for (const [ending, seen] of [
	["fin", "end"],
	["rst", "ECONNRESET"],
] as const) {
	test(`the proxy cuts after so many bytes with ${ending}`, async (t) => {
		const upstream = await startFakeUpstream(streams(["0123456789"]));
		const proxy = await startToxicProxy(upstream);
		t.after(() => Promise.all([proxy.close(), upstream.close()]));
		proxy.add("down", cutAfter(12, ending));
		const client = await connectRaw(proxy);
		await client.send(GET);
		assert.equal(await client.closed, seen);
		if (ending === "fin") assert.equal(client.unread.toString(), "HTTP/1.1 200");
	});
}

test("the proxy swallows everything and keeps the connection", async (t) => {
	const upstream = await startFakeUpstream(answersJson(1));
	const proxy = await startToxicProxy(upstream);
	t.after(() => Promise.all([proxy.close(), upstream.close()]));
	proxy.add("up", blackHole());
	const client = await connectRaw(proxy);
	await client.send(GET);
	const connection = await upstream.nextConnection();
	client.halfClose();
	await connection.departed;
	assert.equal(connection.raw.length, 0);
	client.destroy();
});

test("the proxy holds back the end of a connection", async (t) => {
	const upstream = await startFakeUpstream(cutsAfter("HTTP/1.1 200 OK\r\n\r\nbody", 99));
	const proxy = await startToxicProxy(upstream);
	t.after(() => Promise.all([proxy.close(), upstream.close()]));
	const closing = gate();
	proxy.add("down", slowClose(closing));
	const client = await connectRaw(proxy);
	await client.send(GET);
	assert.match(await client.readUntil("body"), /200/);
	closing.open();
	assert.equal(await client.closed, "end");
	client.destroy();
});
