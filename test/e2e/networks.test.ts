/** Networks through a whole gateway: of the door and of a role, directly, behind a proxy and where a proxy asks; before and after a reload. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { ask, chat } from "../support/asks.ts";
import { eventually } from "../support/eventually.ts";
import { questionOf, startAskedGateway } from "../support/forward-auth.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { plausibleOllama } from "../support/plausible-ollama.ts";
import { connectRaw, type RawResponse } from "../support/raw-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

const CLEAR = 'gateway: { listen: "127.0.0.1:0", tls: { mode: off }';
const OFFICE =
	'roles: { office: { classes: [probe, read, infer], networks: { allow: ["127.0.0.0/28", "203.0.113.0/24"], deny: ["127.0.0.5"] } } }\n';

interface Come {
	readonly from?: string;
	readonly port?: number;
}

/** Null where the connection was closed without an answer. */
async function asked(gateway: Gateway, bytes: Buffer, { from = "127.0.0.1", port = gateway.port }: Come = {}): Promise<RawResponse | null> {
	const client = await connectRaw({ port, localAddress: from });
	try {
		await client.send(bytes);
		return await client.readResponseOrEnd();
	} catch {
		return null;
	} finally {
		client.destroy();
	}
}

async function recordOf(gateway: Gateway, answer: RawResponse | null) {
	const id = answer?.header("x-request-id") ?? assert.fail("no answer");
	await eventually(async () => (await gateway.events("request-started")).some(({ request }) => request === id));
	const found = (await gateway.events("request-started")).find(({ request }) => request === id);
	return found ?? assert.fail();
}

async function reload(gateway: Gateway, change: (yaml: string) => string): Promise<void> {
	await writeFile(gateway.configFile, change(await readFile(gateway.configFile, "utf8")));
	assert.equal((await gateway.server.reload()).reloaded, true);
}

async function turnedAway(gateway: Gateway): Promise<number> {
	const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
	return Number(/^rempart_auth_failures_total\{reason="network-denied"\} (\d+)/m.exec(text)?.[1] ?? 0);
}

test("whoever may not come is not read, over TLS not even greeted, and is counted", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({
		upstreams: [upstream.url],
		yaml: `${CLEAR}, networks: { allow: ["127.0.0.0/24"], deny: ["127.0.0.3", "2001:db8::/32"] } }\n`,
	});
	const key = await gateway.createKey("user");
	for (const from of ["127.0.0.3", "127.0.1.1"]) assert.equal(await asked(gateway, ask({ key }), { from }), null, from);
	await eventually(async () => (await turnedAway(gateway)) === 2);
	assert.equal((await asked(gateway, ask({ path: "/api/version", key }), { from: "127.0.0.2" }))?.status, 200);

	await using closed = await startGateway({
		upstreams: [upstream.url],
		tls: true,
		yaml: 'gateway: { listen: "127.0.0.1:0", networks: { deny: ["127.0.0.1"] } }\n',
	});
	await assert.rejects(connectRaw({ port: closed.port, tls: { ca: closed.ca } }));
});

test("behind a trusted proxy it is the caller's address that counts, and the answer is that of a wrong credential", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({
		upstreams: [upstream.url],
		yaml: `${CLEAR}, trusted_proxies: ["127.0.0.1"], networks: { allow: ["203.0.113.0/24"], deny: ["203.0.113.9"] } }\n`,
	});
	const key = await gateway.createKey("user");
	const by = (address: string, known = key) =>
		asked(gateway, ask({ path: "/api/version", key: known, fields: [["X-Forwarded-For", address]] }));
	for (const address of ["203.0.113.9", "198.51.100.1", "::ffff:203.0.113.9", "2001:db8::1", "203.0.113.7, 198.51.100.1"]) {
		const [denied, wrong] = [await by(address), await by("203.0.113.7", `${key.slice(0, -1)}!`)];
		assert.equal(denied?.status, 401, address);
		assert.equal(denied.body.toString().replaceAll(/[0-9a-f-]{36}/g, ""), wrong?.body.toString().replaceAll(/[0-9a-f-]{36}/g, ""));
		assert.equal((await recordOf(gateway, denied)).reason, "network-denied");
	}
	assert.equal((await by("203.0.113.7"))?.status, 200);
	assert.equal((await asked(gateway, ask({ path: "/api/version", key })))?.status, 401, "the proxy itself is in no list");
	assert.equal(await asked(gateway, ask({ path: "/api/version", key }), { from: "127.0.0.2" }), null, "who is no proxy is not read");
});

test("whom the PROXY protocol names is turned away like one who came by itself", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({
		upstreams: [upstream.url],
		yaml: `${CLEAR}, trusted_proxies: ["127.0.0.1"], proxy_protocol: true, networks: { deny: ["203.0.113.9", "127.0.0.1"] } }\n`,
	});
	const request = ask({ path: "/api/version", key: await gateway.createKey("user") });
	// Version 2, PROXY, TCP over IPv4, twelve bytes: from 203.0.113.x to 127.0.0.1.
	const header = (last: number) =>
		Buffer.concat([Buffer.from("0d0a0d0a000d0a515549540a2111000c", "hex"), Buffer.from([203, 0, 113, last, 127, 0, 0, 1, 0, 1, 0, 2])]);
	assert.equal(await asked(gateway, Buffer.concat([header(9), request])), null);
	await eventually(async () => (await turnedAway(gateway)) === 1);
	assert.equal((await asked(gateway, Buffer.concat([header(7), request])))?.status, 200);
});

test("a page's question from a network that is denied is answered like a stranger's", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({
		upstreams: [upstream.url],
		yaml: `${CLEAR}, origins: ["https://chat.example.org"], trusted_proxies: ["127.0.0.1"], networks: { deny: ["203.0.113.9"] } }\n`,
	});
	const preflight = (address: string) =>
		asked(
			gateway,
			ask({
				method: "OPTIONS",
				path: "/api/chat",
				fields: [
					["X-Forwarded-For", address],
					["Origin", "https://chat.example.org"],
					["Access-Control-Request-Method", "POST"],
				],
			}),
		);
	const denied = await preflight("203.0.113.9");
	assert.equal(denied?.status, 401);
	assert.equal(denied.header("access-control-allow-origin"), null);
	const answer = await preflight("203.0.113.7");
	assert.equal(answer?.status, 204);
	assert.equal(answer.header("access-control-allow-origin"), "https://chat.example.org");
});

test("a role is had from its networks alone, and nobody is told that the key is good", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: OFFICE });
	const key = await gateway.createKey("office");
	const free = await gateway.createKey("user");
	for (const from of ["127.0.0.5", "127.0.0.16"]) {
		// Neither a path that there is not nor a body that is none tells that somebody got further.
		for (const path of ["/api/version", "/nowhere"]) {
			const answer = await asked(gateway, ask({ path, key }), { from });
			assert.equal(answer?.status, 401, `${path} from ${from}`);
			const { reason, detail, principal } = await recordOf(gateway, answer);
			assert.deepEqual([reason, principal], ["network-denied", null]);
			assert.match(detail ?? "", new RegExp(`^${key.split("_")[2]}, role office: ${from}`));
		}
		assert.equal((await asked(gateway, ask({ path: "/api/version", key: free }), { from }))?.status, 200);
	}
	assert.equal((await asked(gateway, ask({ path: "/api/version", key }), { from: "127.0.0.4" }))?.status, 200);
});

test("a proxy that asks is answered about the caller's network", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startAskedGateway({ upstreams: [upstream.url], yaml: OFFICE });
	const key = await gateway.createKey("office");
	const question = questionOf({ proxy: "traefik", target: "/api/version", key }).toString("latin1");
	const about = (address: string) => asked(gateway, Buffer.from(question.replace("203.0.113.9", address)), { port: gateway.askPort });
	assert.equal((await about("198.51.100.1"))?.status, 401);
	assert.equal((await about("203.0.113.9"))?.status, 200);
	await reload(gateway, (yaml) => yaml.replace("tls: { mode: off }", 'tls: { mode: off }, networks: { deny: ["203.0.113.0/24"] }'));
	const answer = await about("203.0.113.9");
	assert.equal(answer?.status, 401);
	assert.equal((await recordOf(gateway, answer)).reason, "network-denied");
});

test("a reload ends what runs for those who may not come any more, at the next request and in the middle of an answer", async () => {
	await using upstream = await startWorkedUpstream({
		script: (request) => (request.target === "/api/version" ? request.respond(200, '{"version":"0.33.0"}') : undefined),
	});
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml: OFFICE });
	const key = await gateway.createKey("office");
	const client = await connectRaw({ port: gateway.port, localAddress: "127.0.0.2" });
	await client.send(ask({ path: "/api/version", key }));
	assert.equal((await client.readResponse()).status, 200);
	await reload(gateway, (yaml) => yaml.replace('deny: ["127.0.0.5"]', 'deny: ["127.0.0.2"]'));
	await client.send(ask({ path: "/api/version", key }));
	assert.equal((await client.readResponse()).status, 401);
	client.destroy();
	assert.equal((await asked(gateway, ask({ path: "/api/version", key }), { from: "127.0.0.5" }))?.status, 200);
	await reload(gateway, (yaml) => yaml.replace("tls: { mode: off }", 'tls: { mode: off }, networks: { deny: ["127.0.0.5"] }'));
	assert.equal(await asked(gateway, ask({ path: "/api/version", key }), { from: "127.0.0.5" }), null);

	const reading = await connectRaw({ port: gateway.port, localAddress: "127.0.0.4" });
	await reading.send(chat(key));
	let request = await upstream.nextWork();
	while (request.target !== "/api/chat") request = await upstream.nextWork();
	await request.startStream();
	await request.chunk('{"done":false}\n');
	await reading.readHead();
	await reload(gateway, (yaml) => yaml.replace('deny: ["127.0.0.2"]', 'deny: ["127.0.0.4"]'));
	await request.connection.departed;
	assert.match((await reading.readToEnd()).toString("utf8"), /\{"error":/);
	reading.destroy();
});

test("networks that stand in a file hold with the next reload, and a file that is mistaken changes nothing", async (t) => {
	const file = join(temporaryDirectory(t), "denied");
	await writeFile(file, "# who tried too often\n127.0.0.7\n");
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	const yaml = `${CLEAR}, networks: { deny: ["127.0.0.9"], deny_file: "${file}" } }\nroles: { desk: { classes: [probe], networks: { allow_file: "${file}" } } }\n`;
	await using gateway = await startGateway({ upstreams: [upstream.url], yaml });
	const [key, desk] = [await gateway.createKey("user"), await gateway.createKey("desk")];
	const from = async (address: string, known = key) =>
		(await asked(gateway, ask({ path: "/api/version", key: known }), { from: address }))?.status ?? null;
	assert.deepEqual([await from("127.0.0.7"), await from("127.0.0.8"), await from("127.0.0.9")], [null, 200, null]);
	await writeFile(file, "127.0.0.8\n");
	assert.deepEqual([await from("127.0.0.7"), await from("127.0.0.8")], [null, 200], "not before a reload");
	assert.equal((await gateway.server.reload()).reloaded, true);
	assert.deepEqual([await from("127.0.0.7"), await from("127.0.0.8"), await from("127.0.0.9")], [200, null, null]);
	assert.deepEqual([await from("127.0.0.7", desk), await from("127.0.0.6", desk)], [401, 401]);
	for (const mistaken of ["127.0.0.0/8\nlocalhost\n", "# nobody\n"]) {
		await writeFile(file, mistaken);
		assert.equal((await gateway.server.reload()).reloaded, false);
		assert.deepEqual([await from("127.0.0.7"), await from("127.0.0.8")], [200, null]);
	}
	await assert.rejects(
		startGateway({ upstreams: [upstream.url], yaml: `${CLEAR}, networks: { allow_file: "${file}.gone" } }\n` }),
		/gateway\.networks\.allow_file: .* cannot be read/,
	);
});
