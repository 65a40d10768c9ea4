import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdir, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { STATUS } from "../../../test/support/admin-deps.ts";
import { fakeWorld, folder } from "../../../test/support/cli.ts";
import { LyingProvider } from "../../../test/support/lying-issuer.ts";
import { startLyingProvider } from "../../../test/support/lying-provider.ts";
import type { Config } from "../../config/config.ts";
import { overrideConfig } from "../../config/override.ts";
import { parseConfig } from "../../config/parse.ts";
import { localCertificate } from "../../http/tls/local-ca.ts";
import { readProxyHeader } from "../../wire/proxy-header.ts";
import type { Surroundings } from "../surroundings.ts";
import type { Check, Finding, Patient } from "./check.ts";
import { CHECKS } from "./checks.ts";
import { examine } from "./examine.ts";

const DAY_MS = 86_400_000;

test("every check has an id of its own, and says what to do wherever it fails or warns", async (t) => {
	assert.equal(new Set(CHECKS.map(({ id }) => id)).size, CHECKS.length);
	const patient = await patientWith(t, { config: configOf("upstreams: [{ name: a, url: 'http://127.0.0.1:9' }]") });
	for (const { level, next, text } of await examine(CHECKS, patient)) {
		assert.ok(text.length > 0);
		assert.equal(next !== null, level === "fail" || level === "warn", text);
	}
});

test("a check that throws is a failed check, not a healthy one", async (t) => {
	const broken: Check = { id: "broken", title: "broken", examine: () => Promise.reject(new Error("EIO")) };
	const [found] = await examine([broken], await patientWith(t));
	assert.equal(found?.level, "fail");
	assert.match(found?.text ?? "", /EIO/);
});

test("runtime: an old node and an insecure flag fail", async (t) => {
	const surroundings = { nodeVersion: "24.1.0", execArgv: ["--insecure-http-parser"] };
	assert.deepEqual(levels(await run("runtime", await patientWith(t, {}, surroundings))), ["fail", "fail"]);
	assert.deepEqual(levels(await run("runtime", await patientWith(t))), ["ok"]);
});

test("clock: long past, or before the state was written, fails", async (t) => {
	assert.deepEqual(levels(await run("clock", await patientWith(t, {}, { clock: () => 0 }))), ["fail"]);
	const patient = await patientWith(t);
	const file = join(patient.stateDirectory, "events.db");
	await writeFile(file, "", { mode: 0o600 });
	assert.deepEqual(levels(await run("clock", patient)), ["ok"]);
	await utimes(file, new Date(), new Date(Date.now() + DAY_MS));
	assert.deepEqual(levels(await run("clock", patient)), ["fail"]);
});

test("configuration: problems fail one by one; clear text, remote operators and a file not read again are warned of", async (t) => {
	const problem = { file: "f", line: 1, column: 1, path: "a", message: "is not a setting", hint: "leave it out" };
	assert.deepEqual(levels(await run("configuration", await patientWith(t, { config: null, configProblems: [problem, problem] }))), [
		"fail",
		"fail",
	]);
	const clear = configOf("gateway: { listen: '127.0.0.1:1', tls: { mode: off } }\nadmin: { insecure_remote: true }");
	assert.deepEqual(levels(await run("configuration", await patientWith(t, { config: clear }))), ["ok", "warn", "warn"]);
	const unseen = configOf("forward_auth: { insecure_unseen: [chat] }");
	assert.deepEqual(levels(await run("configuration", await patientWith(t, { config: unseen }))), ["ok", "warn"]);
	const about = "issuer: https://id.example.org, client_id: rempart, public_url: 'https://admin.example.org'";
	const chosen = configOf(`admin: { sign_in: { ${about}, rules: [{ claim: preferred_username, matches: ada, role: viewer }] } }`);
	assert.deepEqual(levels(await run("configuration", await patientWith(t, { config: chosen }))), ["ok", "warn", "warn"]);
	const sound = configOf(`admin: { sign_in: { ${about}, rules: [{ claim: groups, matches: ops, role: admin }] } }`);
	assert.deepEqual(levels(await run("configuration", await patientWith(t, { config: sound }))), ["ok"]);
	const server = { ...STATUS, configFile: null, configDigest: "other" };
	assert.deepEqual(levels(await run("configuration", await patientWith(t, { server }))), ["ok", "warn"]);
});

test("state: what others may read fails, a missing one is no fault", async (t) => {
	const patient = await patientWith(t);
	assert.deepEqual(levels(await run("state", patient)), ["ok"]);
	await mkdir(join(patient.stateDirectory, "tls"), { mode: 0o700 });
	await writeFile(join(patient.stateDirectory, "tls", "ca-key.pem"), "");
	await chmod(join(patient.stateDirectory, "tls", "ca-key.pem"), 0o644);
	await chmod(patient.stateDirectory, 0o755);
	assert.deepEqual(levels(await run("state", patient)), ["fail", "fail"]);
	assert.deepEqual(levels(await run("state", { ...patient, stateDirectory: "/nonexistent" })), ["skipped"]);
});

test("passwords: none is no fault, a weak or readable one is warned of, a file that a server would refuse fails", async (t) => {
	assert.deepEqual(levels(await run("passwords", await patientWith(t))), ["skipped"]);
	const file = join(await folder(t), "users");
	await writeFile(file, "alice:{PLAIN}hunter2\n", { mode: 0o644 });
	const found = await run("passwords", await patientWith(t, { config: configOf(`identities: { htpasswd: { file: "${file}" } }`) }));
	assert.deepEqual(levels(found), ["ok", "warn", "warn"]);
	assert.ok(!JSON.stringify(found).includes("hunter2"));
	const nobody = configOf(`identities: { htpasswd: { file: "${file}", role: nosuch } }`);
	assert.match((await run("passwords", await patientWith(t, { config: nobody })))[0]?.text ?? "", /no role nosuch/);
	await writeFile(file, "alice:hunter2\n");
	assert.deepEqual(
		levels(await run("passwords", await patientWith(t, { config: configOf(`identities: { htpasswd: { file: "${file}" } }`) }))),
		["fail"],
	);
});

test("access tokens: none is no fault; a provider that answers, one that does not, and what is weaker than it might be", async (t) => {
	assert.deepEqual(levels(await run("identity-providers", await patientWith(t))), ["skipped"]);
	const provider = await LyingProvider.start(t);
	const settings = (more: string) =>
		configOf(
			`identities: { tokens: [{ issuer: "${provider.issuer}", audiences: [gpu], insecure_clear_text: true, rules: [{ claim: sub, values: ["a*"], role: user }]${more} }] }`,
		);
	const found = async (more: string, server: Patient["server"] = null) =>
		levels(await run("identity-providers", await patientWith(t, { config: settings(more), server })));
	assert.deepEqual(await found(""), ["ok", "warn"]);
	assert.deepEqual(await found(", types: [at+jwt, JWT]"), ["ok", "warn", "warn"]);
	assert.deepEqual(await found(", types: [at+jwt, JWT], clients: [cli]"), ["ok", "warn"]);
	const seen = (up: boolean | null, keys: number) => ({
		...STATUS,
		identityProviders: [{ issuer: provider.issuer, up, keys, detail: "it answers 503" }],
	});
	for (const [up, keys, level] of [
		[true, 1, "ok"],
		[false, 1, "warn"],
		[false, 0, "fail"],
		[null, 0, "skipped"],
	] as const)
		assert.deepEqual(await found("", seen(up, keys)), [level, "warn"]);
	provider.vanish();
	assert.deepEqual(await found(""), ["fail", "warn"]);
	assert.deepEqual(await found(", authorities: /nonexistent"), ["fail"]);
});

test("signing in: a provider that does not answer, lies or has no secret here fails, with what to do", async (t) => {
	assert.deepEqual(levels(await run("sign-in", await patientWith(t))), ["skipped"]);
	const provider = await startLyingProvider();
	t.after(() => provider.close());
	const examined = async (more: string) => {
		const about = `issuer: ${provider.issuer}, client_id: rempart, public_url: 'https://admin.example.org', algorithms: [ES256]`;
		const config = configOf(`admin: { sign_in: { ${about}, rules: [{ claim: groups, matches: ops, role: admin }]${more} } }`);
		return await run("sign-in", await patientWith(t, { config }));
	};
	assert.deepEqual(levels(await examined("")), ["ok"]);
	for (const [more, lies, said] of [
		[", client_secret: env:REMPART_TEST_ABSENT", {}, /client_secret: the variable REMPART_TEST_ABSENT holds no secret/],
		["", { discovery: () => ({ status: 500, body: "", type: "text/plain" }) }, /500|status/],
		["", { discovery: (honest: object) => ({ ...honest, issuer: "https://evil.example" }) }, /issuer/],
		["", { discovery: (honest: object) => ({ ...honest, token_endpoint: "http://192.0.2.1/" }) }, /token_endpoint is not https/],
		["", { discovery: (honest: object) => ({ ...honest, id_token_signing_alg_values_supported: ["HS256"] }) }, /HS256/],
	] as const) {
		provider.lies = lies;
		const [found] = await examined(more);
		assert.equal(found?.level, "fail");
		assert.match(found.text, said);
		assert.ok((found.next ?? "").length > 0);
	}
});

test("stores: damage fails, absence is no fault, a log that cannot be written fails", async (t) => {
	const patient = await patientWith(t);
	assert.deepEqual(levels(await run("key-store", patient)), ["skipped"]);
	assert.deepEqual(levels(await run("event-log", patient)), ["skipped"]);
	assert.deepEqual(levels(await run("event-log", { ...patient, server: { ...STATUS, eventLogAvailable: false } })), ["fail", "skipped"]);
	for (const file of ["keys.db", "events.db"])
		await writeFile(join(patient.stateDirectory, file), "this is no database, whatever its name says".repeat(100));
	assert.deepEqual(levels(await run("key-store", patient)), ["fail"]);
	assert.deepEqual(levels(await run("event-log", patient)), ["fail"]);
});

test("certificate: expiry is told before it comes and after", async (t) => {
	const patient = await patientWith(t);
	assert.deepEqual(levels(await run("certificate", patient)), ["skipped"]);
	await localCertificate(patient.stateDirectory, ["localhost", "127.0.0.1"], Date.now());
	const at = (days: number) => ({ ...patient, surroundings: { ...patient.surroundings, clock: () => Date.now() + days * DAY_MS } });
	assert.deepEqual(levels(await run("certificate", patient)), ["ok"]);
	assert.deepEqual(levels(await run("certificate", at(380))), ["warn"]);
	assert.deepEqual(levels(await run("certificate", at(400))), ["fail"]);
	const server = (days: number) => ({ ...STATUS, certificate: { names: [], expiresAt: Date.now() + days * DAY_MS, ca: null } });
	for (const [days, level] of [
		[-1, "fail"],
		[5, "warn"],
		[100, "ok"],
	] as const) {
		assert.deepEqual(levels(await run("certificate", { ...patient, server: server(days) })), [level]);
	}
});

test("upstream: silence and strangers fail, ollama is known by its version", async (t) => {
	assert.deepEqual(levels(await run("upstream", await patientWith(t, { config: null }))), ["skipped"]);
	const [silent] = await run("upstream", await patientWith(t, { config: configOf("upstreams: [{ name: a, url: 'http://127.0.0.1:9' }]") }));
	assert.match(silent?.text ?? "", /cannot be reached: ECONNREFUSED/);
	for (const [body, level, text] of [
		['{"version":"0.13.0"}', "ok", /is ollama 0\.13\.0$/],
		["<html>", "fail", /not as ollama does/],
	] as const) {
		const server = createServer((_request, response) => response.end(body)).listen(0, "127.0.0.1");
		t.after(() => server.closeAllConnections());
		t.after(() => server.close());
		await once(server, "listening");
		const { port } = server.address() as AddressInfo; // A TCP listener's address is never a string.
		const [found] = await run(
			"upstream",
			await patientWith(t, { config: configOf(`upstreams: [{ name: a, url: 'http://127.0.0.1:${port}' }]`) }),
		);
		assert.equal(found?.level, level);
		assert.match(found?.text ?? "", text);
	}
});

test("gateway: one that lets a stranger in, or does not answer, fails", async (t) => {
	assert.deepEqual(levels(await run("gateway", await patientWith(t))), ["skipped"]);
	for (const [status, level] of [
		[200, "fail"],
		[404, "fail"],
		[401, "ok"],
	] as const) {
		const server = createServer((_request, response) => response.writeHead(status).end()).listen(0, "127.0.0.1");
		t.after(() => server.close());
		await once(server, "listening");
		const { port } = server.address() as AddressInfo; // A TCP listener's address is never a string.
		const listeners = [{ name: "gateway", address: `http://127.0.0.1:${port}` }] as const;
		assert.deepEqual(levels(await run("gateway", await patientWith(t, { server: { ...STATUS, listeners, certificate: null } }))), [level]);
	}
	const closed = createTcpServer().listen(0, "127.0.0.1");
	await once(closed, "listening");
	const { port } = closed.address() as AddressInfo; // A TCP listener's address is never a string.
	closed.close();
	await once(closed, "close");
	const listeners = [{ name: "gateway", address: `http://127.0.0.1:${port}` }] as const;
	assert.deepEqual(levels(await run("gateway", await patientWith(t, { server: { ...STATUS, listeners, certificate: null } }))), ["fail"]);
});

test("gateway: a door that does not let this machine in is closed, and one closed without a reason fails", async (t) => {
	const closing = createTcpServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
	t.after(() => closing.close());
	await once(closing, "listening");
	for (const [yaml, level] of [
		["", "fail"],
		["gateway: { networks: { allow: ['127.0.0.0/8'] } }", "fail"],
		["gateway: { networks: { allow: ['10.0.0.0/8'] } }", "ok"],
		["gateway: { networks: { deny: ['127.0.0.1'] } }", "ok"],
	] as const) {
		assert.deepEqual(levels(await run("gateway", await patientBefore(t, closing, yaml))), [level], yaml);
	}
});

test("gateway: where this machine is one of the proxies that say whose a connection is, the check says so", async (t) => {
	const gateway = createTcpServer((socket) => {
		socket.once("data", (first) => {
			const header = readProxyHeader(Buffer.from(first));
			if (header === "more" || header.kind !== "local") socket.destroy();
			else socket.end("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n");
		});
	}).listen(0, "127.0.0.1");
	t.after(() => gateway.close());
	await once(gateway, "listening");
	for (const [yaml, level] of [
		["gateway: { trusted_proxies: ['127.0.0.1'], proxy_protocol: true }", "ok"],
		["gateway: { trusted_proxies: ['127.0.0.1'] }", "fail"],
		["gateway: { trusted_proxies: ['192.0.2.7'], proxy_protocol: true }", "fail"],
	] as const) {
		assert.deepEqual(levels(await run("gateway", await patientBefore(t, gateway, yaml))), [level], yaml);
	}
});

/** Whose running server's gateway is that one. */
async function patientBefore(t: TestContext, gateway: TcpServer, yaml: string): Promise<Patient> {
	const { port } = gateway.address() as AddressInfo; // A TCP listener's address is never a string.
	const listeners = [{ name: "gateway", address: `http://127.0.0.1:${port}` }] as const;
	return await patientWith(t, { config: configOf(yaml), server: { ...STATUS, listeners, certificate: null } });
}

async function patientWith(t: TestContext, changes: Partial<Patient> = {}, around: Partial<Surroundings> = {}): Promise<Patient> {
	return {
		surroundings: fakeWorld(around).surroundings,
		stateDirectory: await folder(t),
		configFile: null,
		config: configOf(""),
		configProblems: [],
		configDigest: "d0",
		server: null,
		...changes,
	};
}

function run(id: string, patient: Patient): Promise<readonly Finding[]> {
	return examine(
		CHECKS.filter((check) => check.id === id),
		patient,
	);
}

function levels(findings: readonly Finding[]): readonly string[] {
	return findings.map(({ level }) => level);
}

function configOf(text: string): Config {
	const parsed = parseConfig(text, "test.yaml");
	assert.ok("config" in parsed, JSON.stringify(parsed));
	const overridden = overrideConfig(parsed.config, {});
	assert.ok("config" in overridden);
	return overridden.config;
}
