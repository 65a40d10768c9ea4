/** Users whom a proxy has signed in: believed over the Unix socket and with a listed certificate, and from nobody else. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import type { PrincipalView } from "../../src/keys/enrolled/principal-view.ts";
import { ask } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import type { FakeRequest } from "../support/fake-upstream.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { plausibleOllama } from "../support/plausible-ollama.ts";
import { connectRaw, RawClient, type RawResponse } from "../support/raw-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

type Fields = readonly (readonly [string, string])[];

const ADA: Fields = [["Remote-User", "ada"]];

function yamlWith(socket: string, users = "{ field: remote-user, role: user }"): string {
	return (
		`gateway: { listen: "127.0.0.1:0", tls: { mode: off }, socket: "${socket}", trusted_proxies: ["127.0.0.1"] }\n` +
		`identities: { proxy: ${users} }\n`
	);
}

async function overSocket(path: string, bytes: Buffer): Promise<RawResponse> {
	const socket = net.connect(path);
	await once(socket, "connect");
	return await answered(new RawClient(socket), bytes);
}

async function answered(client: RawClient, bytes: Buffer): Promise<RawResponse> {
	await client.send(bytes);
	try {
		return await client.readResponse();
	} finally {
		client.destroy();
	}
}

async function recordOf(gateway: Gateway, answer: RawResponse) {
	const id = answer.header("x-request-id") ?? assert.fail("no request id");
	await eventually(async () => (await gateway.events("request-started")).some(({ request }) => request === id));
	return (await gateway.events("request-started")).find(({ request }) => request === id) ?? assert.fail();
}

test("over the socket the proxy's word is taken for who calls and from where, with the role that is configured", async (t) => {
	const path = join(temporaryDirectory(t), "gateway.sock");
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: yamlWith(path) });
	assert.equal((await stat(path)).mode & 0o777, 0o660);

	const fields: Fields = [...ADA, ["X-Forwarded-For", "198.51.100.1, 203.0.113.9"]];
	const answer = await overSocket(path, ask({ path: "/api/tags", fields }));
	assert.equal(answer.status, 200);
	const { principal, principalName, role, peer } = await recordOf(gateway, answer);
	assert.deepEqual([principal, principalName, role, peer], ["proxy:ada", "ada", "user", "203.0.113.9"]);
	const [sent] = upstream.work;
	assert.deepEqual(sent?.header("remote-user"), []);
	assert.deepEqual(sent.header("x-api-key"), []);
	assert.equal((await overSocket(path, ask({ path: "/api/pull", fields: ADA, json: { model: "door" } }))).status, 403);
	assert.equal((await overSocket(path, ask({ path: "/api/version", key: await gateway.createKey("user") }))).status, 200);
});

test("over the socket too: nobody, two users, a user and a key, and a name that is none are refused", async (t) => {
	const path = join(temporaryDirectory(t), "gateway.sock");
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: yamlWith(path) });
	const key = await gateway.createKey("user");
	const cases: readonly (readonly [fields: Fields, reason: string])[] = [
		[[], "credential-missing"],
		[[["Remote-User", ""]], "credential-missing"],
		[[["X-Forwarded-User", "ada"]], "credential-missing"],
		[[...ADA, ...ADA], "credential-ambiguous"],
		[[...ADA, ["Authorization", `Bearer ${key}`]], "credential-ambiguous"],
		[[...ADA, ["X-Api-Key", "x"]], "credential-ambiguous"],
		[[["Remote-User", "ada lovelace"]], "credential-malformed"],
		[[["Remote-User", "a".repeat(65)]], "credential-malformed"],
		[[...ADA, ["X-Forwarded-For", "unknown"]], "request-malformed"],
	];
	for (const [fields, reason] of cases) {
		const answer = await overSocket(path, ask({ path: "/api/tags", fields }));
		assert.equal(answer.status, reason === "request-malformed" ? 400 : 401, JSON.stringify(fields));
		assert.equal((await recordOf(gateway, answer)).reason, reason, JSON.stringify(fields));
	}
	assert.deepEqual(upstream.work, []);
});

test("groups that the proxy lists say what a user is, by the first rule that fits, and are believed no further than the user", async (t) => {
	const path = join(temporaryDirectory(t), "gateway.sock");
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	const rules = "[{ group: gpu operators, role: operator }, { group: bureau, role: user, models: [window] }, { group: team, role: team }]";
	await using gateway = await startGateway({
		upstreams: [upstream.url],
		yaml:
			yamlWith(path, `{ field: remote-user, role: reader, groups_field: remote-groups, rules: ${rules} }`) +
			'roles: { team: { classes: [probe, read], require: [proxy, "group:both"] } }\n',
	});
	const cases: readonly (readonly [fields: Fields, role: string | null, reason: string | null])[] = [
		[[], "reader", null],
		[[["Remote-Groups", ""]], "reader", null],
		[[["Remote-Groups", "dev, gpu operators ,"]], "operator", null],
		[[["Remote-Groups", "Gpu operators"]], "reader", null],
		[[["Remote-Groups", "dev,bureau,gpu operators"]], "operator", null],
		[[["Remote-Groups", "bureau"]], "user", null],
		[[["X-Forwarded-Groups", "gpu operators"]], "reader", null],
		[[["Remote-Groups", "team,both"]], "team", null],
		[[["Remote-Groups", "team"]], null, "credential-incomplete"],
		[
			[
				["Remote-Groups", "dev"],
				["Remote-Groups", "gpu operators"],
			],
			null,
			"credential-ambiguous",
		],
		[[["Remote-Groups", "dev,gpu\toperators"]], null, "credential-malformed"],
		[[["Remote-Groups", Array.from({ length: 257 }, (_, at) => `g${at}`).join(",")]], null, "credential-malformed"],
	];
	for (const [fields, role, reason] of cases) {
		const answer = await overSocket(path, ask({ path: "/api/version", fields: [...ADA, ...fields] }));
		assert.equal(answer.status, reason === null ? 200 : 401, JSON.stringify(fields));
		const record = await recordOf(gateway, answer);
		assert.deepEqual([record.role, record.reason], [role, reason], JSON.stringify(fields));
	}
	assert.ok(upstream.work.every((request) => request.header("remote-groups").length === 0));
	const models = await overSocket(
		path,
		ask({ path: "/api/chat", fields: [...ADA, ["Remote-Groups", "bureau"]], json: { model: "door", messages: [] } }),
	);
	assert.equal(models.status, 403);
	// A name with a comma is one user, and in no group.
	const comma = await overSocket(path, ask({ path: "/api/version", fields: [["Remote-User", "ada,team"]] }));
	assert.equal((await recordOf(gateway, comma)).role, "reader");
	const alone: Fields = [["Remote-Groups", "gpu operators"]];
	assert.equal((await overSocket(path, ask({ path: "/api/version", fields: alone }))).status, 401);
	const key = await gateway.createKey("reader");
	const keyed = await overSocket(path, ask({ path: "/api/version", key, fields: alone }));
	assert.equal((await recordOf(gateway, keyed)).role, "reader");
	const direct = await answered(await connectRaw({ port: gateway.port }), ask({ path: "/api/version", key, fields: [...ADA, ...alone] }));
	assert.equal((await recordOf(gateway, direct)).role, "reader");
});

test("an address alone proves nothing, not even a trusted proxy's", async (t) => {
	const path = join(temporaryDirectory(t), "gateway.sock");
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: yamlWith(path) });
	for (const localAddress of ["127.0.0.1", "127.0.0.2"]) {
		const answer = await answered(await connectRaw({ port: gateway.port, localAddress }), ask({ path: "/api/tags", fields: ADA }));
		assert.equal(answer.status, 401);
	}
	const key = await gateway.createKey("reader");
	const answer = await answered(await connectRaw({ port: gateway.port }), ask({ path: "/api/tags", key, fields: ADA }));
	assert.equal(answer.status, 200);
	assert.equal((await recordOf(gateway, answer)).role, "reader");
});

test("with the setting off the socket believes nobody; a reload turns it on, and is refused with a role that there is not", async (t) => {
	const path = join(temporaryDirectory(t), "gateway.sock");
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: yamlWith(path, "{}") });
	const status = async (): Promise<number> => (await overSocket(path, ask({ path: "/api/tags", fields: ADA }))).status;
	assert.equal(await status(), 401);
	const written = await readFile(gateway.configFile, "utf8");
	for (const [users, expected] of [
		["{ field: remote-user }", 200],
		["{ field: x-auth-request-user, role: nobody-configured-it }", null],
		["{ field: x-auth-request-user, groups_field: remote-groups, rules: [{ group: a, role: nobody }] }", null],
		["{ field: x-auth-request-user }", 401],
	] as const) {
		await writeFile(gateway.configFile, written.replace("proxy: {}", `proxy: ${users}`));
		const outcome = await gateway.server.reload();
		assert.equal(outcome.reloaded, expected !== null, users);
		if (!outcome.reloaded) assert.match(outcome.problems.join(), /^identities\.proxy: there is no role nobody/);
		assert.equal(await status(), expected ?? 200, users);
	}
});

test("over TLS a proxy names users by its certificate, from a listed address, where that certificate is listed", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	const gatewayYaml = 'gateway: { listen: "127.0.0.1:0", trusted_proxies: ["127.0.0.1"] }\nroles: { door: { classes: [] } }\n';
	const users = "identities: { certificates: { ask: true }, proxy: { field: remote-user, certificates: [LISTED] } }\n";
	await using gateway = await startGateway({
		upstreams: [upstream.url],
		tls: true,
		yaml: gatewayYaml + users.replace("LISTED", "prn_00000000"),
	});
	const enrol = async (name: string) => {
		const made = await gateway.admin.post("/v1/principals/enrol", { name, role: "door" });
		assert.equal(made.status, 201, made.text);
		return made.json() as { readonly certificate: string; readonly key: string; readonly principal: PrincipalView };
	};
	const [proxy, other] = [await enrol("nginx"), await enrol("somebody")];
	const status = async (
		pair: { readonly certificate: string; readonly key: string } | null,
		localAddress = "127.0.0.1",
	): Promise<number> => {
		const shown = pair === null ? {} : { cert: pair.certificate, key: pair.key };
		const client = await connectRaw({ port: gateway.port, localAddress, tls: { ca: gateway.ca, ...shown } });
		return (await answered(client, ask({ path: "/api/tags", fields: ADA }))).status;
	};
	assert.equal(await status(proxy), 401);
	const written = await readFile(gateway.configFile, "utf8");
	await writeFile(gateway.configFile, written.replace("prn_00000000", proxy.principal.id));
	assert.equal((await gateway.server.reload()).reloaded, true);
	assert.equal(await status(proxy), 200);
	assert.equal(await status(other), 401);
	assert.equal(await status(null), 401);
	// From an address that is not listed the certificate is the caller's own, and its role grants nothing.
	assert.equal(await status(proxy, "127.0.0.2"), 403);
	assert.equal((await gateway.admin.post(`/v1/principals/${proxy.principal.id}/remove`, {})).status, 200);
	assert.equal(await status(proxy), 401);
});

test("a server that stops lets an answer end, whichever way its caller came", async (t) => {
	const path = join(temporaryDirectory(t), "gateway.sock");
	await using upstream = await startWorkedUpstream();
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: `${yamlWith(path)}limits: { drain_timeout: 60s }\n` });
	const key = await gateway.createKey("user");
	const socket = net.connect(path);
	await once(socket, "connect");
	const streams: { readonly client: RawClient; readonly request: FakeRequest }[] = [];
	for (const client of [await connectRaw({ port: gateway.port }), new RawClient(socket)]) {
		await client.send(ask({ path: "/api/chat", key, json: { model: "door", messages: [] } }));
		const request = await upstream.nextWork();
		await request.startStream();
		await request.chunk('{"message":{"content":"one"},"done":false}\n');
		await client.readUntil("one");
		streams.push({ client, request });
	}
	const stopped = gateway.server.stop();
	for (const { client, request } of streams) {
		await request.chunk('{"message":{"content":"two"},"done":true,"eval_count":1,"prompt_eval_count":1}\n');
		await request.finish();
		await client.readUntil("two");
		await client.readUntil("0\r\n\r\n");
		client.destroy();
	}
	await stopped;
});
