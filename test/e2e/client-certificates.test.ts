/** Client certificates through a whole gateway: issued here, of an outside authority, with and without another credential, and revoked. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import tls from "node:tls";

import type { PrincipalView } from "../../src/keys/enrolled/principal-view.ts";
import { ask, chat } from "../support/asks.ts";
import { type ClientPair, OutsideAuthority } from "../support/client-certificate.ts";
import { eventually } from "../support/eventually.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { connectRaw, type RawClient } from "../support/raw-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

const ASK = "identities: { certificates: { ask: true } }\n";
const LIST = '{"models":[{"name":"door:latest","model":"door:latest"}]}';

interface Enrolled extends ClientPair {
	readonly principal: PrincipalView;
}

async function enrol(gateway: Gateway, role: string, name = `holder ${role}`): Promise<Enrolled> {
	const made = await gateway.admin.post("/v1/principals/enrol", { name, role });
	assert.equal(made.status, 201, made.text);
	const { certificate: cert, key, principal } = made.json() as { certificate: string; key: string; principal: PrincipalView };
	return { cert, key, principal };
}

function connect({ port, ca }: Gateway, pair: ClientPair | null): Promise<RawClient> {
	return connectRaw({ port, tls: { ca, ...(pair === null ? {} : { cert: pair.cert, key: pair.key }) } });
}

async function statusOf(gateway: Gateway, pair: ClientPair | null, key?: string): Promise<number> {
	const client = await connect(gateway, pair);
	await client.send(ask(key === undefined ? {} : { key }));
	const { status } = await client.readResponse();
	client.destroy();
	return status;
}

async function lastReason(gateway: Gateway, count: number): Promise<string | null | undefined> {
	await eventually(async () => (await gateway.events("request-started")).length >= count);
	return (await gateway.events("request-started"))[count - 1]?.reason;
}

async function started(yaml = ASK) {
	const upstream = await startWorkedUpstream({ script: (request) => request.respond(200, LIST) });
	const gateway = await startGateway({ upstreams: [upstream.url], tls: true, yaml });
	return {
		upstream,
		gateway,
		async [Symbol.asyncDispose]() {
			await gateway[Symbol.asyncDispose]();
			await upstream[Symbol.asyncDispose]();
		},
	};
}

test("a certificate that was not enrolled here opens nothing: another's, the server's own, an expired one", async () => {
	await using world = await started();
	const { gateway, upstream } = world;
	const stranger = await new OutsideAuthority().client({ cn: "holder user" });
	assert.equal(await statusOf(gateway, stranger), 401);
	assert.equal(await lastReason(gateway, 1), "credential-unknown");
	const state = (file: string) => readFile(join(gateway.stateDirectory, "tls", file), "utf8");
	assert.equal(await statusOf(gateway, { cert: await state("server.pem"), key: await state("server-key.pem") }), 401);
	assert.equal(await lastReason(gateway, 2), "credential-unknown");
	assert.equal(await statusOf(gateway, null), 401);
	assert.equal(await lastReason(gateway, 3), "credential-missing");
	assert.equal(upstream.work.length, 0);
});

test("an enrolled one lets in with the rights of its role, and those without one come in by a key as before", async () => {
	await using world = await started();
	const { gateway } = world;
	const { principal, ...pair } = await enrol(gateway, "reader");
	assert.equal(await statusOf(gateway, pair), 200);
	const client = await connect(gateway, pair);
	await client.send(ask({ path: "/api/generate", json: { model: "door", prompt: "who?" } }));
	assert.equal((await client.readResponse()).status, 403);
	client.destroy();
	assert.equal(await statusOf(gateway, null, await gateway.createKey("user")), 200);
	await eventually(async () => (await gateway.events("request-started")).length >= 3);
	const [first] = await gateway.events("request-started");
	assert.deepEqual([first?.principal, first?.principalName, first?.role], [principal.id, "holder reader", "reader"]);
});

test("a certificate and a key are two credentials: refused, whichever of them is good", async () => {
	await using world = await started();
	const { gateway } = world;
	const pair = await enrol(gateway, "user");
	const key = await gateway.createKey("user");
	const stranger = await new OutsideAuthority().client({ cn: "x" });
	assert.equal(await statusOf(gateway, pair, key), 401);
	assert.equal(await lastReason(gateway, 1), "credential-ambiguous");
	assert.equal(await statusOf(gateway, stranger, key), 401);
	assert.equal(await lastReason(gateway, 2), "credential-ambiguous");
	assert.equal(await statusOf(gateway, pair, `${key.slice(0, -1)}x`), 401);
});

test("a role that demands both takes neither alone, nor the certificate of another role", async () => {
	await using world = await started("identities: { certificates: { ask: true, with_key: [admin] } }\n");
	const { gateway } = world;
	const admin = await enrol(gateway, "admin");
	const user = await enrol(gateway, "user");
	const key = await gateway.createKey("admin");
	for (const [pair, sent, status, reason] of [
		[null, key, 401, "credential-incomplete"],
		[admin, undefined, 401, "credential-incomplete"],
		[user, key, 401, "credential-incomplete"],
		[await new OutsideAuthority().client({ cn: "x" }), key, 401, "credential-unknown"],
		[admin, key, 200, null],
		[user, undefined, 200, null],
	] as const) {
		assert.equal(await statusOf(gateway, pair, sent), status);
		const count = (await gateway.events("request-started")).length;
		assert.equal(await lastReason(gateway, count), reason);
	}
	await gateway.admin.post(`/v1/principals/${admin.principal.id}/remove`, {});
	assert.equal(await statusOf(gateway, admin, key), 401);
});

test("removal holds on open connections, for resumed sessions, and ends a running answer", async () => {
	await using upstream = await startWorkedUpstream();
	await using gateway = await startGateway({ upstreams: [upstream.url], tls: true, yaml: ASK });
	const { principal, ...pair } = await enrol(gateway, "user");
	const streaming = await connect(gateway, pair);
	await streaming.send(withoutKey(chat("none")));
	const request = await upstream.nextWork();
	await request.startStream();
	await request.chunk('{"done":false}\n');
	await streaming.readHead();
	const idle = await connect(gateway, pair);
	await idle.send(ask({}));
	await (await upstream.nextWork()).respond(200, LIST);
	assert.equal((await idle.readResponse()).status, 200);
	const session = await sessionOf(gateway, pair);

	assert.equal((await gateway.admin.post(`/v1/principals/${principal.id}/remove`, {})).status, 200);
	await request.connection.departed;
	assert.match((await streaming.readToEnd()).toString("utf8"), /\{"error":/);
	await idle.send(ask({}));
	assert.equal((await idle.readResponse()).status, 401);
	idle.destroy();
	assert.equal(await resumedStatus(gateway, pair, session), 401);
	assert.equal(await statusOf(gateway, pair), 401);
});

test("an outside authority's are who the rules say; its being taken out and a revoked serial hold at once, on open connections too", async (t) => {
	const outside = new OutsideAuthority();
	const other = new OutsideAuthority();
	const file = await authorityFile(t, await outside.pem());
	const rules = "rules: [{ field: dns, matches: '*.build.example.org', role: user, models: [door] }]";
	const yaml = (more = "") => `identities: { certificates: { ask: true, authorities: ${file}, ${rules}${more} } }\n`;
	await using world = await started(yaml());
	const { gateway } = world;
	const ci = await outside.client({ cn: "ci", dns: ["ci.build.example.org"] });
	for (const [what, pair] of [
		["of another authority with the same name", await other.client({ cn: "ci", dns: ["ci.build.example.org"] })],
		["that no rule fits", await outside.client({ cn: "ci.build.example.org", dns: ["ci.example.org"] })],
		["for servers", await outside.client({ cn: "ci", dns: ["ci.build.example.org"], usage: "server" })],
		["for no stated use", await outside.client({ cn: "ci", dns: ["ci.build.example.org"], usage: "none" })],
		["that has expired", await outside.client({ cn: "ci", dns: ["ci.build.example.org"], expired: true })],
		["of an authority below", await outside.client({ cn: "ci", dns: ["ci.build.example.org"], authority: true })],
	] as const) {
		assert.equal(await statusOf(gateway, pair), 401, what);
	}
	assert.equal(await statusOf(gateway, ci), 200);
	const open = await connect(gateway, ci);
	const again = async () => {
		await open.send(ask({}));
		return (await open.readResponse()).status;
	};
	assert.equal(await again(), 200);
	const starts = await gateway.events("request-started");
	assert.deepEqual([starts.at(-1)?.principalName, starts.at(-1)?.role], ["ci.build.example.org", "user"]);

	const reload = async (text: string) => {
		const before = await readFile(gateway.configFile, "utf8");
		await writeFile(gateway.configFile, before.replace(/identities:.*\n/, text));
		return await gateway.server.reload();
	};
	assert.ok((await reload(yaml(`, revoked: ["${ci.serial}"]`))).reloaded);
	assert.equal(await again(), 401);
	assert.ok((await reload(yaml())).reloaded);
	assert.equal(await again(), 200);

	const session = await sessionOf(gateway, ci);
	assert.equal(await resumedStatus(gateway, ci, session), 200);
	await writeFile(file, await other.pem());
	assert.ok((await reload(yaml())).reloaded);
	assert.equal(await again(), 401);
	assert.equal(await resumedStatus(gateway, ci, session), 401);
	assert.equal(await statusOf(gateway, await other.client({ cn: "ci", dns: ["ci.build.example.org"] })), 200, "whom handshakes trust now");
	await writeFile(file, "nothing");
	assert.ok(!(await reload(yaml())).reloaded);
	assert.ok(!(await reload(yaml().replace("role: user", "role: wizard"))).reloaded);
	open.destroy();
});

test("a serial that is revoked by a reload ends what runs for its holder", async (t) => {
	const outside = new OutsideAuthority();
	const file = await authorityFile(t, await outside.pem());
	const rules = "rules: [{ field: email, matches: '*@example.org', role: user }]";
	const yaml = (more: string) => `identities: { certificates: { ask: true, authorities: ${file}, ${rules}${more} } }\n`;
	await using upstream = await startWorkedUpstream();
	await using gateway = await startGateway({ upstreams: [upstream.url], tls: true, yaml: yaml("") });
	const ada = await outside.client({ cn: "ada", email: ["ada@example.org"] });
	const client = await connect(gateway, ada);
	await client.send(withoutKey(chat("none")));
	const request = await upstream.nextWork();
	await request.startStream();
	await request.chunk('{"done":false}\n');
	await client.readHead();
	const before = await readFile(gateway.configFile, "utf8");
	await writeFile(gateway.configFile, before.replace(/identities:.*\n/, yaml(`, revoked: ["${ada.serial}"]`)));
	assert.ok((await gateway.server.reload()).reloaded);
	await request.connection.departed;
	assert.match((await client.readToEnd()).toString("utf8"), /\{"error":/);
});

test("a server that does not ask takes no notice of certificates, and says so to whoever enrols", async () => {
	await using world = await started("");
	const { gateway } = world;
	const made = await gateway.admin.post("/v1/principals/enrol", { name: "ada", role: "user" });
	const { asked, certificate: cert, key } = made.json() as { asked: boolean; certificate: string; key: string };
	assert.equal(asked, false);
	assert.equal(await statusOf(gateway, { cert, key }), 401);
	assert.equal(await statusOf(gateway, { cert, key }, await gateway.createKey("user")), 200);
});

test("to ask without TLS is a mistake that stops the start", async () => {
	await assert.rejects(startGateway({ upstreams: ["http://127.0.0.1:1"], yaml: ASK }), /ask needs TLS/);
});

function withoutKey(request: Buffer): Buffer {
	return Buffer.from(request.toString("latin1").replace(/Authorization: [^\r]*\r\n/, ""), "latin1");
}

async function authorityFile(t: TestContext, pem: string): Promise<string> {
	const file = join(temporaryDirectory(t), "authority.pem");
	await writeFile(file, pem);
	return file;
}

/** A session that the server would resume, certificate included. */
async function sessionOf({ port, ca }: Gateway, { cert, key }: ClientPair): Promise<Buffer> {
	const socket = tls.connect({ host: "127.0.0.1", port, ca, cert, key, servername: "localhost" });
	const [session]: unknown[] = await once(socket, "session");
	socket.destroy();
	assert.ok(Buffer.isBuffer(session));
	return session;
}

async function resumedStatus({ port, ca }: Gateway, { cert, key }: ClientPair, session: Buffer): Promise<number> {
	const socket = tls.connect({ host: "127.0.0.1", port, ca, cert, key, servername: "localhost", session });
	socket.write(ask({}));
	const [answer]: unknown[] = await once(socket, "data");
	socket.destroy();
	return Number(String(answer).split(" ")[1]);
}
