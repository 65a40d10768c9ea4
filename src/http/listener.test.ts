import assert from "node:assert/strict";
import { test } from "node:test";

import { ask } from "../../test/support/asks.ts";
import { eventually } from "../../test/support/eventually.ts";
import { connectRaw } from "../../test/support/raw-client.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { Caller, RequestHandler } from "./caller.ts";
import { Listener } from "./listener.ts";
import type { TransportLimits } from "./transport-limits.ts";

const LIMITS: TransportLimits = {
	wire: { maxHeadBytes: 4096, maxFields: 32, maxTargetBytes: 256 },
	headTimeoutMs: 60_000,
	bodyTimeoutMs: 60_000,
	bodyMinimumBytesPerSecond: 0,
	writeStallTimeoutMs: 60_000,
	keepAliveTimeoutMs: 60_000,
	requestsPerConnection: 100,
	connections: { total: 100, perAddress: 100, unauthenticatedPerAddress: 100 },
	bufferedBytes: 1000,
};

test("bodies of all callers share one budget: who does not fit in is refused, and fits in when another has its answer", async () => {
	await using world = await listening(readsBody);
	const [first, second] = await Promise.all([world.connect(), world.connect()]);
	await first.send(ask({ path: "/first", body: "a".repeat(600) }));
	await eventually(() => world.budget.held === 600);
	await second.send(ask({ path: "/second", body: "b".repeat(600) }));
	const refused = await second.readResponse();
	assert.deepEqual([refused.text(), refused.header("connection")], ["memory-pressure", "close"]);
	assert.equal(world.budget.held, 600);

	world.go();
	assert.equal((await first.readResponse()).text(), "600 bytes");
	assert.equal(world.budget.held, 0);
	const third = await world.connect();
	await third.send(ask({ path: "/second", body: "c".repeat(1000) }));
	assert.equal((await third.readResponse()).text(), "1000 bytes");
	assert.equal(world.budget.held, 0);
});

test("a caller who leaves gives back what its body took", async () => {
	await using world = await listening(readsBody);
	const client = await world.connect();
	await client.send("POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\nsome of it");
	await eventually(() => world.budget.held === 10);
	client.reset();
	await eventually(() => world.budget.held === 0);
});

test("what is held for an answer is given back when the answer is out, or the caller gone", async () => {
	const answers = Buffer.alloc(8 * 1024 * 1024, "x");
	await using world = await listening(async (caller) => {
		assert.ok(caller.hold(800));
		await new Promise((resolve) => setImmediate(resolve));
		reply(caller, caller.head?.path === "/long" ? answers : Buffer.from("short"));
	});
	const short = await world.connect();
	await short.send(ask({ path: "/short" }));
	await short.readResponse();
	assert.equal(world.budget.held, 0);

	const slow = await world.connect();
	slow.socket.pause();
	await slow.send(ask({ path: "/long" }));
	await eventually(() => world.budget.held === 800);
	slow.socket.resume();
	assert.equal((await slow.readResponse()).body.length, answers.length);
	await eventually(() => world.budget.held === 0);

	const gone = await world.connect();
	gone.socket.pause();
	await gone.send(ask({ path: "/long" }));
	await eventually(() => world.budget.held === 800);
	gone.reset();
	await eventually(() => world.budget.held === 0);
});

test("a body in pieces of every size comes out whole, request after request on one connection", async () => {
	await using world = await listening(readsBody);
	const client = await world.connect();
	for (const sizes of [[1, 1, 1], [300, 1, 500, 2], [999], [1, 998, 1]]) {
		const chunks = sizes.map((size) => `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`).join("");
		await client.send(`POST /second HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
		const total = sizes.reduce((sum, size) => sum + size, 0);
		assert.equal((await client.readResponse()).text(), `${total} bytes`);
	}
});

test("an answer that is refused in the middle of its head never begins: the connection ends", async () => {
	await using world = await listening(async (caller) => {
		await Promise.resolve();
		caller.respond(200, [["x-split", "a\r\nx-injected: b"]], { kind: "none" });
		caller.finish();
	});
	const client = await world.connect();
	await client.send(ask({ path: "/" }));
	assert.equal((await client.readToEnd()).length, 0);
});

test("a handler that fails ends the connection and nothing else", async () => {
	await using world = await listening((caller) =>
		caller.head?.path === "/bug" ? Promise.reject(new Error("a bug")) : readsBody(caller, world),
	);
	const client = await world.connect();
	await client.send(ask({ path: "/bug" }));
	assert.equal((await client.readToEnd()).length, 0);
	const other = await world.connect();
	await other.send(ask({ path: "/second", body: "still here" }));
	assert.equal((await other.readResponse()).text(), "10 bytes");
	await other.send("\0");
	assert.equal((await other.readToEnd()).length, 0);
});

interface World extends AsyncDisposable {
	readonly budget: ByteBudget;
	/** Lets the requests for `/first` go on. */
	readonly go: () => void;
	readonly gone: Promise<void>;
	connect(): ReturnType<typeof connectRaw>;
}

async function readsBody(caller: Caller, { gone }: Pick<World, "gone">): Promise<void> {
	const read = await caller.readBody(1000);
	if (caller.head?.path === "/first") await gone;
	reply(caller, Buffer.from("refused" in read ? read.refused : `${read.body.length} bytes`));
}

function reply(caller: Caller, bytes: Buffer): void {
	caller.respond(200, [], { kind: "length", bytes: bytes.length });
	caller.write(bytes);
	caller.finish();
}

async function listening(handle: (caller: Caller, world: World) => Promise<void>): Promise<World> {
	const budget = new ByteBudget(LIMITS.bufferedBytes);
	const { promise: gone, resolve: go } = Promise.withResolvers<void>();
	const handler: RequestHandler = {
		handle: (caller) => handle(caller, world),
		refuse: () => {
			throw new Error("a bug");
		},
		turnedAway: () => undefined,
	};
	const listener = await Listener.open({
		host: "127.0.0.1",
		port: 0,
		reusePort: false,
		tls: null,
		handler,
		budget,
		limits: LIMITS,
		monotonic: () => performance.now(),
	});
	const world: World = {
		budget,
		go,
		gone,
		connect: () => connectRaw({ port: listener.address.port }),
		[Symbol.asyncDispose]: async () => void (await listener.drain(0, () => undefined)),
	};
	return world;
}
