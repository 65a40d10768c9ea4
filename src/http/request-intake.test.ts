import assert from "node:assert/strict";
import { Socket } from "node:net";
import { test } from "node:test";

import { eventually } from "../../test/support/eventually.ts";
import { connectRaw } from "../../test/support/raw-client.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { RequestHandler } from "./caller.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { ConnectionDeadline } from "./connection-deadline.ts";
import { Listener } from "./listener.ts";
import { Outgoing } from "./outgoing.ts";
import { type IntakeOwner, RequestIntake } from "./request-intake.ts";
import type { TransportLimits } from "./transport-limits.ts";

const LIMITS: TransportLimits = {
	wire: { maxHeadBytes: 4096, maxFields: 32, maxTargetBytes: 256 },
	headTimeoutMs: 60_000,
	bodyTimeoutMs: 1_000,
	bodyMinimumBytesPerSecond: 10,
	writeStallTimeoutMs: 60_000,
	keepAliveTimeoutMs: 60_000,
	requestsPerConnection: 10_000,
	connections: { total: 100, perAddress: 100, unauthenticatedPerAddress: 100 },
	bufferedBytes: 1_000,
};
const SHORTEST = "GET / HTTP/1.1\r\nHost:a\r\n\r\n";

test("each window of a body's time begins when the one before it is over, and has to bring its part", () => {
	let now = 0;
	const seen: string[] = [];
	const { intake, deadline } = intakeAt(() => now, seen);
	intake.push(Buffer.from("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"));
	for (const [at, bytes] of [
		[900, 10],
		[1_900, 10],
	] as const) {
		now = at;
		intake.push(Buffer.alloc(bytes));
		assert.equal(deadline.isOver(at), false);
		now = Math.ceil(at / 1_000) * 1_000;
		assert.equal(deadline.isOver(now), true);
		intake.sweepBody();
	}
	assert.equal(deadline.isOver(2_999), false);
	assert.equal(deadline.isOver(3_000), true);
	assert.deepEqual(seen, ["head /"]);
	now = 3_000;
	intake.sweepBody();
	assert.deepEqual(seen, ["head /", "body-timeout"]);
});

test("a head has its time from its first byte on, and what is no request is refused with its reason", () => {
	let now = 0;
	const seen: string[] = [];
	const { intake, deadline } = intakeAt(() => now, seen);
	now = 5_000;
	intake.push(Buffer.from("GET / HT"));
	now = 30_000;
	intake.push(Buffer.from("TP/1"));
	assert.deepEqual([deadline.isOver(64_999), deadline.isOver(65_000)], [false, true]);
	intake.push(Buffer.from(".7\r\n\r\n"));
	assert.deepEqual(seen, ["http-version-unsupported"]);
});

test("thousands of requests that come at once and are answered at once are each answered, on a stack that does not grow", async () => {
	let answered = 0;
	await using world = await listening((caller) => {
		caller.respond(200, [], { kind: "length", bytes: 0 });
		answered += 1;
		caller.finish();
		return Promise.resolve();
	});
	const client = await world.connect();
	await client.send(SHORTEST.repeat(5_000));
	for (let count = 0; count < 5_000; count += 1) assert.equal((await client.readResponse()).status, 200);
	assert.equal(answered, 5_000);
});

test("who sends too much ahead of its answer gets the answer and no other, and its departure is still seen", async () => {
	const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
	const { promise: departed, resolve: hasDeparted } = Promise.withResolvers<void>();
	let requests = 0;
	await using world = await listening(async (caller) => {
		requests += 1;
		await caller.readBody(100);
		if (caller.head?.path === "/left") {
			caller.departureListener = { callerLeft: hasDeparted };
			isAsked();
			return;
		}
		await eventually(() => !caller.reusable);
		caller.respond(200, [], { kind: "length", bytes: 0 });
		caller.finish();
	});
	const left = await world.connect();
	await left.send(`${SHORTEST.replace("/ ", "/left ")}${SHORTEST.repeat(20_000)}`);
	await asked;
	left.reset();
	await departed;

	const client = await world.connect();
	await client.send(SHORTEST.repeat(20_000));
	const answer = await client.readResponse();
	assert.deepEqual([answer.status, answer.header("connection")], [200, "close"]);
	assert.equal((await client.readToEnd()).length, 0);
	assert.equal(requests, 2);
});

function intakeAt(monotonic: () => number, seen: string[]) {
	const socket = new Socket();
	const context: ConnectionContext = {
		handler: { handle: () => Promise.resolve(), refuse: () => undefined, turnedAway: () => undefined },
		budget: new ByteBudget(LIMITS.bufferedBytes),
		limits: LIMITS,
		monotonic,
		draining: () => false,
		onKnown: () => undefined,
		crowds: () => false,
	};
	const deadline = new ConnectionDeadline(context);
	let stage: IntakeOwner["stage"] = "head";
	const owner: IntakeOwner = {
		get stage() {
			return stage;
		},
		onHead: (head) => {
			stage = "handling";
			seen.push(`head ${head.path}`);
			void intake.readBody(head, 1_000);
		},
		onBodyBytes: () => undefined,
		onRefused: ({ refused }) => void seen.push(refused),
		onDrowned: () => undefined,
	};
	const intake: RequestIntake = new RequestIntake(owner, socket, new Outgoing(socket), deadline, context);
	return { intake, deadline };
}

async function listening(handle: RequestHandler["handle"]) {
	const handler: RequestHandler = { handle, refuse: (caller) => caller.cut(), turnedAway: () => undefined };
	const listener = await Listener.open({
		host: "127.0.0.1",
		port: 0,
		reusePort: false,
		tls: null,
		handler,
		budget: new ByteBudget(LIMITS.bufferedBytes),
		limits: LIMITS,
		monotonic: () => performance.now(),
	});
	return {
		connect: () => connectRaw({ port: listener.address.port }),
		[Symbol.asyncDispose]: async () => void (await listener.drain(0, () => undefined)),
	};
}
