/** What does not run yet when its key is revoked, its role closes or the server stops: it is refused, and its model hears nothing of it. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";

import { chat } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import type { FakeRequest } from "../support/fake-upstream.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { connectRaw, type RawClient } from "../support/raw-client.ts";
import { startWorkedUpstream, type WorkedUpstream } from "../support/worked-upstream.ts";

const ROLES = `roles:
  holders: { classes: [probe, read, infer] }
  waiters: { classes: [probe, read, infer] }
admission: { concurrency: { per_model: 1 } }
limits: { drain_timeout: 0s }\n`;

interface World {
	readonly gateway: Gateway;
	readonly upstream: WorkedUpstream;
	/** Waits in the queue. */
	readonly waiter: RawClient;
	readonly waiterId: string;
	/** Lets the request end that has the only place. */
	readonly letGo: () => Promise<void>;
}

async function behindAnother(use: (world: World) => Promise<void>): Promise<void> {
	// Whatever should not come is answered, so that a test fails instead of waiting.
	const script = (request: FakeRequest): Promise<void> | undefined => (upstream.work.length > 1 ? request.respond(200, "{}") : undefined);
	await using upstream = await startWorkedUpstream({ script });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: ROLES });
	const [first, second] = [await gateway.createKey("holders"), await gateway.createKey("waiters")];
	const [holder, waiter] = [await connectRaw({ port: gateway.port }), await connectRaw({ port: gateway.port })];
	await holder.send(chat(first, { stream: false }));
	const held = await upstream.nextWork();
	await waiter.send(chat(second, { stream: false }));
	await eventually(async () => (await gateway.admin.get("/v1/status")).text.includes('"queued":1'));
	await use({ gateway, upstream, waiter, waiterId: idOf(second), letGo: () => held.respond(200, "{}") });
	assert.equal(upstream.work.length, 1);
	holder.destroy();
	waiter.destroy();
}

function idOf(key: string): string {
	return key.split("_")[2] ?? "";
}

test("a key that is revoked while it waits in the queue is refused when its turn comes", async () => {
	await behindAnother(async ({ gateway, waiter, waiterId, letGo }) => {
		assert.equal((await gateway.admin.post(`/v1/keys/${waiterId}/revoke`, {})).status, 200);
		await letGo();
		assert.equal((await waiter.readResponse()).status, 401);
		await eventually(async () => (await gateway.events("request-ended")).some(({ reason }) => reason === "credential-revoked"));
	});
});

test("a role that a reload closes to where a request comes from is closed to those that wait in the queue too", async () => {
	await behindAnother(async ({ gateway, waiter, letGo }) => {
		const yaml = `gateway: { listen: "127.0.0.1:0", tls: { mode: off } }
admin: { listen: "127.0.0.1:0" }
upstreams: [{ name: up0, url: "http://127.0.0.1:9" }]
${ROLES.replace("waiters: {", "waiters: { networks: { allow: [192.0.2.0/24] },")}`;
		await writeFile(gateway.configFile, yaml);
		await gateway.server.reload();
		await letGo();
		assert.equal((await waiter.readResponse()).status, 401);
	});
});

test("whoever waits in the queue when the server stops is told so", async () => {
	await behindAnother(async ({ gateway, waiter }) => {
		await Promise.all([gateway.server.stop(), waiter.readResponse().then(({ status }) => assert.equal(status, 503))]);
	});
});

test("a key that is revoked while the body is sent is refused when it is there", async () => {
	await using upstream = await startWorkedUpstream({ script: (request) => request.respond(200, "{}") });
	await using gateway = await startGateway({ upstreams: [upstream.url] });
	const key = await gateway.createKey("user");
	const client = await connectRaw({ port: gateway.port });
	const request = chat(key).toString("latin1");
	const body = request.indexOf("\r\n\r\n");
	await client.send(Buffer.from(`${request.slice(0, body)}\r\nExpect: 100-continue\r\n\r\n`, "latin1"));
	// The server asks for the body of whoever it knows.
	await client.readUntil("100 Continue\r\n\r\n");
	assert.equal((await gateway.admin.post(`/v1/keys/${idOf(key)}/revoke`, {})).status, 200);
	await client.send(Buffer.from(request.slice(body + 4), "latin1"));
	assert.equal((await client.readResponse()).status, 401);
	assert.equal(upstream.work.length, 0);
	client.destroy();
});
