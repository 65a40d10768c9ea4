import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { type Child, Children } from "./children.ts";
import { allowedCores } from "./machine.ts";
import type { Job, Measurement, Reply } from "./measurement.ts";
import { WORKLOADS, type Workload } from "./scripted.ts";

const [CORE = 0] = process.platform === "linux" ? allowedCores() : [];
const HERE_ONLY = { skip: process.platform !== "linux" && "no /proc here" };
const PATIENCE_MS = 30_000;
const children = new Children();
let load: Child;
let upstream: Child;
let upstreamPort = 0;

before(async () => {
	if (HERE_ONLY.skip !== false) return;
	const script = (name: string) =>
		children.start({ name, program: process.execPath, args: [join(import.meta.dirname, `${name}.ts`)], core: CORE });
	[load, upstream] = [script("load"), script("upstream")];
	const said: unknown = JSON.parse(await upstream.nextLine(PATIENCE_MS));
	upstreamPort = Number(typeof said === "object" && said !== null ? Reflect.get(said, "port") : Number.NaN);
});
after(() => children.stopAll());

const wrong: readonly (readonly [what: string, answer: string, why: RegExp])[] = [
	["a refusal", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", /not an answer with status 200/],
	["another answer", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", /a wrong answer/],
];

for (const [what, answer, why] of wrong) {
	test(`${what} fails the run`, HERE_ONLY, async () => {
		const server = net.createServer((socket) => socket.on("data", () => socket.write(answer)).on("error", () => undefined));
		await once(server.listen(0, "127.0.0.1"), "listening");
		const address = server.address();
		assert.ok(address !== null && typeof address === "object");
		assert.match(String(await errorOf(job("chat", { port: address.port }))), why);
		server.close();
	});
}

test("a stream that is cut short fails the run", HERE_ONLY, async () => {
	const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\n\r\n0\r\n\r\n";
	const server = net.createServer((socket) => socket.on("data", () => socket.write(head)).on("error", () => undefined));
	await once(server.listen(0, "127.0.0.1"), "listening");
	const address = server.address();
	assert.ok(address !== null && typeof address === "object");
	assert.match(String(await errorOf(job("flood", { port: address.port }))), /a stream of 1000 tokens.* ended after 1 lines/);
	server.close();
});

for (const workload of WORKLOADS) {
	test(`counts what the upstream plays on ${workload}`, HERE_ONLY, async () => {
		const reply = await perform(job(workload, {}));
		assert.ok("measurement" in reply, JSON.stringify(reply));
		const { units, windowUs }: Measurement = reply.measurement;
		assert.ok(units > 0 && windowUs > 0);
	});
}

function job(workload: Workload, change: Partial<Job>): Job {
	return {
		workload,
		host: "127.0.0.1",
		port: upstreamPort,
		trusted: null,
		authorization: "Bearer none",
		fields: [],
		rewritten: false,
		connections: 2,
		warmUpMs: 0,
		windowMs: 100,
		proxy: { pid: upstream.pid, core: CORE },
		upstream: { pid: upstream.pid },
		loadCore: CORE,
		wrk: null,
		...change,
	};
}

async function perform(asked: Job): Promise<Reply> {
	load.send(JSON.stringify(asked));
	// The load generator is typed to write replies.
	return JSON.parse(await load.nextLine(PATIENCE_MS)) as Reply;
}

async function errorOf(asked: Job): Promise<string | null> {
	const reply = await perform(asked);
	return "error" in reply ? reply.error : null;
}
