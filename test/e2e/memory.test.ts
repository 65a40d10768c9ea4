/**
 * What the server holds for its callers is bounded for each of them, whatever they do not read or send too much of, and nothing of it stays.
 *
 *  - Held is what is left when garbage is collected: objects and buffers of the server's own process. Nothing here looks at a clock.
 *  - The bounds are those of `docs/adr`, generous where the runtime decides: a mistake costs megabytes a caller, not kilobytes.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type net from "node:net";
import { createInterface, type Interface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

import type { GrowthJob } from "../../bench/special/growth-load.ts";
import { startPlayedUpstream } from "../../bench/special/played-upstream.ts";
import { chat } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import type { FakeRequest } from "../support/fake-upstream.ts";
import { ggufBytes } from "../support/gguf-bytes.ts";
import type { Held } from "../support/memory-probe.ts";
import { ProbedServer } from "../support/probed-server.ts";
import { connectRaw, type RawClient } from "../support/raw-client.ts";
import { startWorkedUpstream, type WorkedOptions } from "../support/worked-upstream.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const CALLERS = 12;
/** Objects and buffers of one stream in which nothing waits. */
const OPEN_STREAM_BYTES = 64 * KIB;
/** What one caller can make us hold of buffers: 64 KiB waiting and a read of as much more, in each of the three places where bytes can wait. */
const STUCK_CALLER_BYTES = 384 * KIB;
/** Of one connection, what the kernel's buffers on both sides of us swallow before anybody has to wait. */
const KERNEL_BYTES = 32 * MIB;
/** Compiled code and caches of the runtime, which come with the first requests of a kind and not with each. */
const RUNTIME_BYTES = 2 * MIB;
/** `upstream.max_idle_connections`, and one that the health check has just taken. */
const KEPT_UPSTREAM = 65;
/** Timers of the log and answers of the administration, which come and go. */
const PASSING = 8;
const GROWTH_LOAD = fileURLToPath(new URL("../../bench/special/growth-load.ts", import.meta.url));
/** Of buffers that the runtime cuts small ones from. */
const LEFT_BUFFER_BYTES = 256 * KIB;
const PIECE = Buffer.alloc(64 * KIB, "x");

test("an open stream costs some tens of kilobytes", async (context) => {
	using upstream = await startPlayedUpstream({ uploadBytesPerSecond: null });
	const probed = await ProbedServer.start(context, `http://127.0.0.1:${upstream.port}`);
	const key = await probed.server.createKey("user");
	const open = async (): Promise<readonly RawClient[]> => {
		const clients = await Promise.all(Array.from({ length: CALLERS * 3 }, () => connectRaw({ port: probed.server.port })));
		for (const client of clients) await client.send(chat(key, { messages: [{ role: "user", content: "play held" }] }));
		for (const client of clients) assert.equal((await client.readHead()).status, 200);
		return clients;
	};
	await leave(probed, await open());
	const rest = await probed.held();
	const clients = await open();
	const opened = await probed.held();
	const each = (sumOf(opened) - sumOf(rest)) / clients.length;
	assert.ok(each <= OPEN_STREAM_BYTES, `${each} bytes a stream`);
	await leave(probed, clients);
});

test("callers who read nothing of what the upstream sends hold a few reads each, and leave nothing behind", async (context) => {
	let sent = 0;
	await using w = await world(context, "user", async (request) => {
		await request.body;
		await request.startStream();
		const departed = whetherDeparted(request);
		while (!departed() && sent < CALLERS * KERNEL_BYTES) {
			await request.chunk(PIECE);
			sent += PIECE.length;
		}
	});
	const clients = await Promise.all(
		Array.from({ length: CALLERS }, async () => {
			const client = await w.connect();
			client.socket.pause();
			await client.send(chat(w.key));
			return client;
		}),
	);
	await stopped(() => sent);
	assert.ok(sent < CALLERS * KERNEL_BYTES, "the upstream was never made to wait");
	await assertBounded(w, clients);
});

test("callers who upload what the upstream does not read hold a few reads each, and leave nothing behind", async (context) => {
	await using w = await world(context, "admin", (request) => request.connection.pause());
	const length = CALLERS * KERNEL_BYTES;
	const head = `POST /api/blobs/sha256-${"a".repeat(64)} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${w.key}\r\n`;
	const file = ggufBytes({ tensors: [{ name: "t", dims: [BigInt(length / 4)], type: 0, offset: 0n }], data: Buffer.alloc(0) });
	const clients = await Promise.all(Array.from({ length: CALLERS }, () => w.connect()));
	for (const client of clients) {
		await client.send(`${head}Content-Length: ${file.length + length}\r\n\r\n`);
		await client.send(file);
	}
	assert.ok((await poured(clients.map(({ socket }) => socket))) < CALLERS * KERNEL_BYTES, "the callers were never made to wait");
	// Their FIN stands behind bytes that nobody reads, so that they have gone is seen when the upstream reads on.
	await assertBounded(w, clients, () => {
		for (const { connection } of w.work) connection.resume();
	});
});

test("callers who send on while their request is answered hold nothing of it, and are seen when they leave", async (context) => {
	await using w = await world(context, "user", () => undefined);
	const clients = await Promise.all(Array.from({ length: CALLERS }, () => w.connect()));
	for (const client of clients) await client.send(chat(w.key));
	await eventually(() => w.work.length === CALLERS);
	const sent = await poured(clients.map(({ socket }) => socket));
	assert.ok(sent >= CALLERS * KERNEL_BYTES, `only ${sent} bytes were taken`);
	await assertBounded(w, clients, () => undefined);
});

test("five thousand requests, every fifth broken off, leave nothing behind", async (context) => {
	using upstream = await startPlayedUpstream({ uploadBytesPerSecond: null });
	const probed = await ProbedServer.start(context, `http://127.0.0.1:${upstream.port}`);
	const authorization = `Bearer ${await probed.server.createKey("user")}`;
	const caller = GrowthCaller.start(context);
	const run = (requests: number) => caller.run({ port: probed.server.port, authorization, requests, callers: CALLERS });
	assert.deepEqual(await run(1_500), { completed: 1_200, aborted: 300 });
	await idle(probed);
	const before = await probed.held();
	assert.deepEqual(await run(5_000), { completed: 4_000, aborted: 1_000 });
	await idle(probed);
	const after = await probed.held();
	for (const [kind, count] of Object.entries(after.resources)) {
		const most = kind === "TCPSocketWrap" ? KEPT_UPSTREAM : (before.resources[kind] ?? 0) + PASSING;
		assert.ok(count <= most, `${count} of kind ${kind}`);
	}
	// 5,000 requests that keep 500 bytes each would show.
	assert.ok(sumOf(after) - sumOf(before) < RUNTIME_BYTES, `${sumOf(after) - sumOf(before)} bytes more`);
	assert.equal(probed.said, "");
});

interface World extends AsyncDisposable {
	readonly probed: ProbedServer;
	readonly key: string;
	readonly rest: Held;
	readonly work: readonly FakeRequest[];
	connect(): Promise<RawClient>;
}

async function world(context: TestContext, role: string, script: NonNullable<WorkedOptions["script"]>): Promise<World> {
	const upstream = await startWorkedUpstream({ script });
	const probed = await ProbedServer.start(context, upstream.url);
	const key = await probed.server.createKey(role);
	const { port } = probed.server;
	const rest = await probed.held();
	return {
		probed,
		key,
		rest,
		work: upstream.work,
		connect: () => connectRaw({ port }),
		[Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose](),
	};
}

/** Each caller is stuck: looks at what is held for all of them, and that nothing of it is left when they have gone. */
async function assertBounded({ probed, rest }: World, clients: readonly RawClient[], afterwards?: () => void): Promise<void> {
	const stuck = await probed.held();
	const most = clients.length * (STUCK_CALLER_BYTES + OPEN_STREAM_BYTES) + RUNTIME_BYTES;
	assert.ok(sumOf(stuck) - sumOf(rest) <= most, `${(sumOf(stuck) - sumOf(rest)) / clients.length} bytes a caller`);
	for (const client of clients) client.destroy();
	afterwards?.();
	await idle(probed);
	const left = await probed.held();
	assert.ok(sumOf(left) - sumOf(rest) <= RUNTIME_BYTES, `${sumOf(left) - sumOf(rest)} bytes are left behind`);
	assert.ok(left.buffers - rest.buffers <= LEFT_BUFFER_BYTES, `${left.buffers - rest.buffers} bytes of buffers are left behind`);
}

async function leave(probed: ProbedServer, clients: readonly RawClient[]): Promise<void> {
	for (const client of clients) client.destroy();
	await idle(probed);
}

async function idle(probed: ProbedServer): Promise<void> {
	await eventually(async () => {
		const { connections, requests, streams, queued } = await probed.load();
		return connections + requests + streams + queued === 0;
	});
}

/** Writes to each socket as long as it takes anything, up to what a kernel holds, and comes back with how much that was when none takes any more. */
async function poured(sockets: readonly net.Socket[]): Promise<number> {
	let sent = 0;
	for (const socket of sockets) {
		const pour = (): void => {
			for (let takesMore = true; takesMore && sent < CALLERS * KERNEL_BYTES; sent += PIECE.length) takesMore = socket.write(PIECE);
		};
		socket.on("drain", pour);
		pour();
	}
	await stopped(() => sent);
	return sent;
}

/** Comes back when so many looks in a row have seen no progress. A look too early sees less than there could be, never more. */
async function stopped(progress: () => number): Promise<void> {
	let quiet = 0;
	let last = -1;
	await eventually(() => {
		quiet = progress() === last ? quiet + 1 : 0;
		last = progress();
		return last > 0 && quiet >= 50;
	});
}

function whetherDeparted({ connection }: FakeRequest): () => boolean {
	let departed = false;
	void connection.departed.then(() => {
		departed = true;
	});
	return () => departed;
}

function sumOf({ heap, buffers }: Held): number {
	return heap + buffers;
}

/** The callers that the bench has for the same question, as a process of their own. */
class GrowthCaller {
	readonly #child: ChildProcess;
	readonly #lines: Interface;

	private constructor(child: ChildProcess, lines: Interface) {
		this.#child = child;
		this.#lines = lines;
	}

	static start(context: TestContext): GrowthCaller {
		const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
		const child = spawn(process.execPath, [GROWTH_LOAD], { stdio: ["pipe", "pipe", "inherit"], env });
		context.after(() => child.kill("SIGKILL"));
		return new GrowthCaller(child, createInterface({ input: child.stdout }));
	}

	async run(job: GrowthJob): Promise<unknown> {
		const line = once(this.#lines, "line");
		this.#child.stdin?.write(`${JSON.stringify(job)}\n`);
		const [said]: unknown[] = await line;
		const reply: unknown = JSON.parse(String(said));
		return typeof reply === "object" && reply !== null && "result" in reply ? reply.result : reply;
	}
}
