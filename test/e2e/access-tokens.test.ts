/** Access tokens through a whole gateway: of `oidc-provider`, which others wrote, and of a provider that lies. */
import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { localCertificate } from "../../src/http/tls/local-ca.ts";
import { ask, chat } from "../support/asks.ts";
import { OutsideAuthority } from "../support/client-certificate.ts";
import { eventually } from "../support/eventually.ts";
import { questionOf, startAskedGateway } from "../support/forward-auth.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { LyingProvider, makeKey } from "../support/lying-issuer.ts";
import { connectRaw, type RawResponse, requestRaw } from "../support/raw-client.ts";
import { INTROSPECTOR, RESOURCE, RealProvider } from "../support/real-provider.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream, type WorkedUpstream } from "../support/worked-upstream.ts";

const LIST = '{"models":[{"name":"door:latest","model":"door:latest"}]}';

interface World {
	readonly gateway: Gateway;
	readonly upstream: WorkedUpstream;
	readonly send: (token: string, bytes?: Buffer) => Promise<RawResponse>;
	readonly statusOf: (token: string) => Promise<number>;
}

interface Settings {
	readonly issuer: string;
	readonly more?: string;
	readonly rule?: string;
	readonly before?: string;
	readonly tls?: boolean;
	readonly answers?: boolean;
}

function yamlOf({ issuer, more = "", rule = "{ claim: scope, values: [use], role: user }", before = "" }: Settings): string {
	return `identities: { ${before} tokens: [{ issuer: "${issuer}", audiences: ["${RESOURCE}"], insecure_clear_text: true, rules: [${rule}]${more} }] }\n`;
}

async function startWorld(context: TestContext, settings: Settings): Promise<World> {
	const upstream = await startWorkedUpstream(settings.answers === false ? {} : { script: (request) => request.respond(200, LIST) });
	context.after(() => upstream[Symbol.asyncDispose]());
	const gateway = await startGateway({ upstreams: [upstream.url], yaml: yamlOf(settings), tls: settings.tls === true });
	context.after(() => gateway[Symbol.asyncDispose]());
	const send = (token: string, bytes = ask({ key: token })) => requestRaw({ port: gateway.port }, bytes);
	return { gateway, upstream, send, statusOf: async (token) => (await send(token)).status };
}

test("a token of a real provider lets in, by rule and by name, and stands in no record", async (context) => {
	const provider = await RealProvider.start(context);
	const { gateway, send, statusOf } = await startWorld(context, { issuer: provider.issuer });
	const token = await provider.token("jwt");
	assert.equal((await send(token)).body.toString().includes("door"), true);
	assert.equal(await statusOf(token), 200);
	assert.equal(await statusOf(`${token}x`), 401);
	assert.equal(await statusOf(await provider.token("opaque")), 401);
	await eventually(async () => (await gateway.events("request-started")).length === 4);
	const events = await gateway.events("request-started");
	const [first] = events;
	assert.match(first?.principal ?? "", /^tok_[0-9a-f]{20}$/);
	assert.deepEqual([first?.principalName, first?.role], ["team-cli", "user"]);
	assert.deepEqual(
		events.map(({ reason }) => reason),
		[null, null, "credential-malformed", "credential-malformed"],
	);
	const all = await gateway.admin.get("/v1/events?limit=10000");
	for (const part of token.split(".")) assert.ok(!all.text.includes(part));
	const status = (await gateway.admin.get("/v1/status")).json() as { identityProviders: unknown };
	assert.deepEqual(status.identityProviders, [{ issuer: provider.issuer, up: true, keys: 1, detail: null }]);
	const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
	assert.match(metrics, /^rempart_tokens_remembered 1$/m);
	assert.match(metrics, /^rempart_identity_provider_up\{issuer="http:[^"]+"\} 1$/m);
});

test("only as a bearer credential, and alone", async (context) => {
	const provider = await RealProvider.start(context);
	const { gateway, send } = await startWorld(context, { issuer: provider.issuer });
	const [token, other, key] = [await provider.token("jwt"), await provider.token("jwt"), await gateway.createKey("user")];
	const as = async (...fields: (readonly [string, string])[]) => (await send("", ask({ fields }))).status;
	const bearer = ["Authorization", `bearer ${token}`] as const;
	assert.equal(await as(["X-Api-Key", token]), 401);
	assert.equal(await as(["Authorization", `Basic ${Buffer.from(`x:${token}`).toString("base64")}`]), 401);
	assert.equal(await as(["Authorization", token]), 401);
	assert.equal(await as(bearer, ["X-Api-Key", key]), 401);
	assert.equal(await as(bearer, ["Authorization", `Bearer ${other}`]), 401);
	assert.equal(await as(bearer), 200);
	assert.equal(await as(bearer, bearer, ["X-Api-Key", token]), 200);
	assert.equal(await as(["Authorization", `Bearer ${key}`]), 200);
});

test("an opaque token is good while the provider says so, and a little longer", async (context) => {
	const provider = await RealProvider.start(context);
	const secret = join(temporaryDirectory(context), "secret");
	await writeFile(secret, `${INTROSPECTOR.secret}\n`);
	const more = `, introspection: { client_id: ${INTROSPECTOR.id}, client_secret: "file:${secret}", remember: 1s }`;
	const { gateway, statusOf } = await startWorld(context, { issuer: provider.issuer, more });
	const token = await provider.token("opaque");
	assert.equal(await statusOf(token), 200);
	assert.equal(await statusOf(`${token}x`), 401);
	assert.equal(await statusOf(await provider.token("jwt")), 200);
	await provider.revoke(token);
	await eventually(async () => (await statusOf(token)) === 401);
	assert.equal(await statusOf(await gateway.createKey("user")), 200);
	await writeFile(secret, "another secret");
	assert.equal((await gateway.server.reload()).reloaded, true);
	assert.equal(await statusOf(await provider.token("opaque")), 503);
});

test("keys are rolled over under requests without one that fails", async (context) => {
	const provider = await RealProvider.start(context);
	const { statusOf } = await startWorld(context, { issuer: provider.issuer });
	const statuses: number[] = [];
	const request = async () => statuses.push(await statusOf(await provider.token("jwt")));
	for (let round = 0; round < 5; round++) await Promise.all([request(), request(), request(), request()]);
	const old = await provider.token("jwt");
	const during = Array.from({ length: 8 }, request);
	provider.rollOver("second");
	await Promise.all([...during, ...Array.from({ length: 8 }, request)]);
	for (let round = 0; round < 5; round++) await Promise.all([request(), request(), request(), request()]);
	assert.equal(await statusOf(old), 200);
	assert.deepEqual(
		statuses.filter((status) => status !== 200),
		[],
	);
	assert.equal(statuses.length, 56);
});

test("a server starts without its provider, says so, lets keys in, and takes tokens once it is there; later it goes on with its keys", async (context) => {
	const provider = await LyingProvider.start(context);
	const token = provider.token({ claims: { scope: "use" } });
	provider.vanish();
	const { gateway, send, statusOf } = await startWorld(context, { issuer: provider.issuer });
	assert.equal(await statusOf(await gateway.createKey("user")), 200);
	const answer = await send(token);
	assert.equal(answer.status, 503);
	assert.equal(answer.header("retry-after"), "5");
	await eventually(async () => (await gateway.events("identity-provider-down")).length === 1);
	const faults = async () => (await gateway.events("request-started")).filter(({ decision }) => decision === "fault");
	await eventually(async () => (await faults()).length === 1);
	assert.deepEqual(
		(await faults()).map(({ fault, principal }) => [fault, principal]),
		[["identity-provider-unavailable", null]],
	);
	provider.comeBack();
	await eventually(async () => (await statusOf(token)) === 200);
	assert.equal((await gateway.events("identity-provider-up")).length, 1);
	provider.vanish();
	assert.equal(await statusOf(provider.token({ claims: { scope: "use", jti: "another" } })), 200);
});

test("a stranger who repeats himself while the provider is away fills no disk, and is counted", async (context) => {
	const provider = await LyingProvider.start(context);
	const token = provider.token({ claims: { scope: "use" } });
	provider.vanish();
	const upstream = await startWorkedUpstream();
	context.after(() => upstream[Symbol.asyncDispose]());
	const yaml = `events: { refusals_per_minute: 3 }\n${yamlOf({ issuer: provider.issuer })}`;
	const gateway = await startGateway({ upstreams: [upstream.url], yaml });
	context.after(() => gateway[Symbol.asyncDispose]());
	for (let times = 0; times < 10; times++) {
		assert.equal((await requestRaw({ port: gateway.port }, ask({ key: token }))).status, 503);
	}
	await eventually(async () => (await gateway.events("request-ended")).length > 0);
	assert.ok((await gateway.events("request-ended")).length <= 4);
	const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
	assert.match(metrics, /^rempart_errors_total\{error="rempart_identity_provider_unavailable"\} 10$/m);
});

test("a reload that lets somebody in no more cuts what runs for him, and nobody else", async (context) => {
	const provider = await LyingProvider.start(context);
	const rule = "{ claim: groups, values: [ops], role: operator }, { claim: groups, values: [gpu-users], role: user }";
	const { gateway, upstream, statusOf } = await startWorld(context, { issuer: provider.issuer, rule, answers: false });
	const streamOf = async (claims: Record<string, unknown>) => {
		const token = provider.token({ claims });
		const client = await connectRaw({ port: gateway.port });
		await client.send(chat(token));
		const work = await upstream.nextWork();
		await work.startStream();
		await work.chunk('{"done":false}\n');
		await client.readHead();
		await client.readChunk();
		return { client, work, token };
	};
	const ada = await streamOf({});
	const bob = await streamOf({ sub: "bob", groups: ["ops"] });
	const config = await readFile(gateway.configFile, "utf8");
	await writeFile(gateway.configFile, config.replace("[gpu-users]", "[nobody]"));
	assert.equal((await gateway.server.reload()).reloaded, true);
	await ada.work.connection.departed;
	assert.match((await ada.client.readToEnd()).toString(), /error/);
	assert.equal(await statusOf(ada.token), 403);
	await bob.work.chunk('{"done":true}\n');
	await bob.work.finish();
	assert.equal((await bob.client.readChunk())?.toString(), '{"done":true}\n');
	const carol = await streamOf({ sub: "bob", groups: ["ops"], jti: "2" });
	await writeFile(gateway.configFile, config.replace(/^identities:.*\n/m, ""));
	assert.equal((await gateway.server.reload()).reloaded, true);
	await carol.work.connection.departed;
	assert.ok(!(await (await fetch(`${gateway.adminUrl}/metrics`)).text()).includes("rempart_identity_provider_up{"));
	assert.equal(await statusOf(carol.token), 401);
});

test("what an operator wrote wrongly refuses a reload: a role that is not there, a secret or a file that is not", async (context) => {
	const provider = await LyingProvider.start(context);
	const { gateway, statusOf } = await startWorld(context, { issuer: provider.issuer });
	const token = provider.token({ claims: { scope: "use" } });
	assert.equal(await statusOf(token), 200);
	const config = await readFile(gateway.configFile, "utf8");
	for (const [settings, problem] of [
		[{ issuer: provider.issuer, rule: "{ claim: scope, values: [use], role: usr }" }, /there is no role usr/],
		[{ issuer: provider.issuer, more: ", authorities: /nonexistent/ca.pem" }, /authorities: \/nonexistent\/ca.pem cannot be read: ENOENT/],
		[{ issuer: provider.issuer, more: `, authorities: "${gateway.configFile}"` }, /holds no certificate/],
		[
			{ issuer: provider.issuer, more: ", introspection: { client_id: r, client_secret: env:REMPART_TEST_ABSENT }" },
			/the variable REMPART_TEST_ABSENT holds no secret/,
		],
	] as const) {
		await writeFile(gateway.configFile, config.replace(/^identities:.*\n/m, yamlOf(settings)));
		const outcome = await gateway.server.reload();
		assert.ok(!outcome.reloaded);
		assert.match(outcome.problems.join(), problem);
		assert.equal(await statusOf(token), 200);
	}
});

test("a provider over TLS is believed by the authority that the operator names, and by no other", async (context) => {
	const { chain: cert, key, caFile } = await localCertificate(temporaryDirectory(context), ["localhost"], Date.now());
	const provider = await LyingProvider.start(context, { cert, key });
	const yaml = (more: string) =>
		`identities: { tokens: [{ issuer: "${provider.issuer}", audiences: ["${RESOURCE}"], rules: [{ claim: scope, values: [use], role: user }]${more} }] }\n`;
	const token = provider.token({ claims: { scope: "use" } });
	const gateway = await startGateway({ upstreams: ["http://127.0.0.1:1"], yaml: yaml("") });
	context.after(() => gateway[Symbol.asyncDispose]());
	const statusOf = async () => (await requestRaw({ port: gateway.port }, ask({ key: token, path: "/api/version" }))).status;
	assert.equal(await statusOf(), 503);
	const [silent] = await gateway.server.silentProviders;
	assert.match(silent?.detail ?? "", /certificate/);
	const config = await readFile(gateway.configFile, "utf8");
	await writeFile(gateway.configFile, config.replace(/^identities:.*\n/m, yaml(`, authorities: "${caFile}"`)));
	assert.equal((await gateway.server.reload()).reloaded, true);
	// The upstream is not there; that the token is good shows in who is told so.
	assert.equal(await statusOf(), 502);
	await writeFile(
		gateway.configFile,
		config.replace(/^identities:.*\n/m, yaml(`, authorities: "${caFile}", jwks: "${provider.issuer}/nothing"`)),
	);
	assert.equal((await gateway.server.reload()).reloaded, true);
	assert.equal(await statusOf(), 503);
});

test("a token that is bound to a certificate is good with that certificate alone, and the two are one credential", async (context) => {
	const provider = await LyingProvider.start(context);
	const { gateway } = await startWorld(context, { issuer: provider.issuer, before: "certificates: { ask: true },", tls: true });
	const authority = new OutsideAuthority();
	const [own, other] = [await authority.client({ cn: "own" }), await authority.client({ cn: "other" })];
	const thumbprint = createHash("sha256").update(new X509Certificate(own.cert).raw).digest("base64url");
	const bound = provider.token({ claims: { scope: "use", cnf: { "x5t#S256": thumbprint } } });
	const free = provider.token({ claims: { scope: "use" } });
	const statusOf = async (token: string, pair: { readonly cert: string; readonly key: string } | null) => {
		const client = await connectRaw({
			port: gateway.port,
			tls: { ca: gateway.ca, ...(pair === null ? {} : { cert: pair.cert, key: pair.key }) },
		});
		await client.send(ask({ key: token }));
		const { status } = await client.readResponse();
		client.destroy();
		return status;
	};
	assert.equal(await statusOf(bound, null), 401);
	assert.equal(await statusOf(bound, other), 401);
	assert.equal(await statusOf(bound, own), 200);
	assert.equal(await statusOf(bound, other), 401);
	assert.equal(await statusOf(free, own), 401);
	assert.equal(await statusOf(free, null), 200);
	await eventually(async () => (await gateway.events("request-started")).length === 6);
	const reasons = (await gateway.events("request-started")).map(({ reason }) => reason);
	assert.deepEqual(reasons, [
		"credential-incomplete",
		"credential-incomplete",
		null,
		"credential-incomplete",
		"credential-ambiguous",
		null,
	]);
});

test("a proxy that asks is told of a token's holder as of any other", async (context) => {
	const provider = await LyingProvider.start(context);
	const upstream = await startWorkedUpstream();
	context.after(() => upstream[Symbol.asyncDispose]());
	const gateway = await startAskedGateway({ upstreams: [upstream.url], yaml: yamlOf({ issuer: provider.issuer }) });
	context.after(() => gateway[Symbol.asyncDispose]());
	const asked = async (token: string) =>
		await requestRaw({ port: gateway.askPort }, questionOf({ proxy: "nginx", target: "/api/version", key: token }));
	const answer = await asked(provider.token({ claims: { scope: "use", preferred_username: "ada" } }));
	assert.equal(answer.status, 200);
	assert.equal(answer.header("remote-user"), "ada");
	assert.equal((await asked(provider.token({ key: makeKey("k1"), claims: { scope: "use" } }))).status, 401);
	assert.equal((await asked(provider.token({ claims: { scope: "other" } }))).status, 403);
});
