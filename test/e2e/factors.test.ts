/** What a role demands besides one credential, through a whole gateway: nobody gets in with a part of it, and nobody learns which part it was. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import type { PrincipalView } from "../../src/keys/enrolled/principal-view.ts";
import { ask } from "../support/asks.ts";
import type { ClientPair } from "../support/client-certificate.ts";
import { eventually } from "../support/eventually.ts";
import { questionOf, startAskedGateway } from "../support/forward-auth.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { ollamaClientKey } from "../support/ollama-client-key.ts";
import { plausibleOllama } from "../support/plausible-ollama.ts";
import { connectRaw, type RawResponse } from "../support/raw-client.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startWorkedUpstream } from "../support/worked-upstream.ts";

type Fields = readonly (readonly [string, string])[];

interface Come {
	readonly key?: string;
	readonly fields?: Fields;
	readonly pair?: ClientPair;
	readonly from?: string;
	readonly query?: string;
}

async function come(gateway: Gateway, { key, fields = [], pair, from = "127.0.0.1", query = "" }: Come): Promise<RawResponse> {
	const shown = pair === undefined ? {} : { cert: pair.cert, key: pair.key };
	const tls = gateway.ca === "" ? {} : { tls: { ca: gateway.ca, ...shown } };
	const client = await connectRaw({ port: gateway.port, localAddress: from, ...tls });
	try {
		await client.send(ask({ path: `/api/version${query}`, fields, ...(key === undefined ? {} : { key }) }));
		return await client.readResponse();
	} finally {
		client.destroy();
	}
}

async function startOf(gateway: Gateway, answer: RawResponse) {
	const id = answer.header("x-request-id") ?? assert.fail("no request id");
	await eventually(async () => (await gateway.events("request-started")).some(({ request }) => request === id));
	return (await gateway.events("request-started")).find(({ request }) => request === id) ?? assert.fail();
}

async function enrol(
	gateway: Gateway,
	role: string,
	groups: readonly string[] = [],
): Promise<ClientPair & { readonly principal: PrincipalView }> {
	const made = await gateway.admin.post("/v1/principals/enrol", { name: `holder ${role} ${groups.join(" ")}`.trim(), role, groups });
	assert.equal(made.status, 201, made.text);
	const { certificate: cert, key, principal } = made.json() as { certificate: string; key: string; principal: PrincipalView };
	return { cert, key, principal };
}

const basic = (text: string): readonly [string, string] => ["Authorization", `Basic ${Buffer.from(text).toString("base64")}`];

/** ada is of ops, bob is not; both have the password `secret`. */
async function usersIn(t: TestContext): Promise<string> {
	const folder = temporaryDirectory(t);
	const hash = `{SHA}${createHash("sha1").update("secret").digest("base64")}`;
	await writeFile(join(folder, "users"), `ada:${hash}\nbob:${hash}\n`);
	await writeFile(join(folder, "groups"), "ops: ada\ndev: ada bob\n");
	return `htpasswd: { file: "${join(folder, "users")}", groups: "${join(folder, "groups")}", role: ops }`;
}

test("a key and a certificate: neither alone, and not with one of another role", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({
		upstreams: [upstream.url],
		tls: true,
		yaml:
			"identities: { certificates: { ask: true } }\n" +
			"roles: { both: { classes: [probe], require: [key, certificate] }, either: { classes: [probe], require: [certificate] } }\n",
	});
	const [key, other] = [await gateway.createKey("both"), await gateway.createKey("user")];
	const [pair, stranger, either] = [await enrol(gateway, "both"), await enrol(gateway, "user"), await enrol(gateway, "either")];
	const cases: readonly (readonly [what: string, come: Come, reason: string])[] = [
		["the key alone", { key }, "credential-incomplete"],
		["the certificate alone", { pair }, "credential-incomplete"],
		["a certificate of another role", { key, pair: stranger }, "credential-incomplete"],
		["a certificate beside a key that demands none", { key: other, pair: stranger }, "credential-ambiguous"],
		["a wrong key beside the certificate", { key: `${key.slice(0, -1)}!`, pair }, "credential-malformed"],
	];
	const said = new Set<string>();
	for (const [what, how, reason] of cases) {
		const answer = await come(gateway, how);
		assert.equal(answer.status, 401, what);
		assert.equal((await startOf(gateway, answer)).reason, reason, what);
		said.add(answer.text().replaceAll(/[0-9a-f-]{36}/g, ""));
	}
	assert.equal(said.size, 1, "one answer from outside, whatever is missing");
	const answer = await come(gateway, { key, pair });
	assert.equal(answer.status, 200);
	assert.equal((await startOf(gateway, answer)).principal, key.split("_")[2], "the request is the key's");
	assert.equal((await come(gateway, { pair: either })).status, 200, "where only a certificate is demanded, it is enough");
	assert.equal((await come(gateway, { key: await gateway.createKey("either") })).status, 401);
	assert.equal((await come(gateway, { key: await gateway.createKey("either"), pair: either })).status, 200);
	assert.equal((await gateway.admin.post(`/v1/principals/${pair.principal.id}/remove`, {})).status, 200);
	assert.equal((await come(gateway, { key, pair })).status, 401, "a certificate that was removed is none");
});

test("a key and a network; a password and a group", async (t) => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({
		upstreams: [upstream.url],
		yaml:
			`identities: { ${await usersIn(t)} }\n` +
			'roles: { desk: { classes: [probe], networks: { allow: ["127.0.0.0/30"] }, require: [key, network] },' +
			' ops: { classes: [probe], require: [password, "group:ops", "group:dev"] } }\n',
	});
	const key = await gateway.createKey("desk");
	const cases: readonly (readonly [what: string, come: Come, status: number, detail: RegExp])[] = [
		["the key from elsewhere", { key, from: "127.0.0.9" }, 401, /role desk: 127\.0\.0\.9 is in none/],
		["the key from there", { key, from: "127.0.0.2" }, 200, /^$/],
		["a password without the group", { fields: [basic("bob:secret")] }, 401, /htpasswd:bob, role ops: without group:ops$/],
		["a password with both groups", { fields: [basic("ada:secret")] }, 200, /^$/],
		["a key of a role for passwords", { key: await gateway.createKey("ops") }, 401, /without password, group:ops, group:dev$/],
	];
	for (const [what, how, status, detail] of cases) {
		const answer = await come(gateway, how);
		assert.equal(answer.status, status, what);
		assert.match((await startOf(gateway, answer)).detail ?? "", detail, what);
	}
});

test("a key, a signature and a certificate are in the groups that they were given, and in no other", async () => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startGateway({
		upstreams: [upstream.url],
		tls: true,
		yaml:
			"identities: { certificates: { ask: true } }\n" +
			'roles: { ops: { classes: [probe], require: ["group:ops"] } }\n' +
			"budgets: { team: { scope: group, unit: requests, limit: 100, per: hour } }\n",
	});
	const [member, other] = [await gateway.createKey("ops", { groups: ["dev", "ops"] }), await gateway.createKey("ops", { groups: ["Ops"] })];
	const holder = await enrol(gateway, "ops", ["ops"]);
	const signer = ollamaClientKey();
	const added = { name: "signer", role: "ops", ollamaKey: signer.line, groups: ["ops"] };
	assert.equal((await gateway.admin.post("/v1/principals", added)).status, 201);
	const seconds = Math.floor(Date.now() / 1000);
	const signed = { fields: [["Authorization", signer.authorization("GET", "/api/version", seconds)]] as const, query: `?ts=${seconds}` };
	for (const [what, how, status] of [
		["a key of the group", { key: member }, 200],
		["a key of another", { key: other }, 401],
		["a certificate", { pair: holder }, 200],
		["a certificate of none", { pair: await enrol(gateway, "ops") }, 401],
		["a signature", signed, 200],
	] as const) {
		assert.equal((await come(gateway, how)).status, status, what);
	}
	const id = member.split("_")[2] ?? "";
	const { standings } = (await gateway.admin.get(`/v1/budgets?principal=${id}`)).json() as { standings: readonly { of: string }[] };
	assert.deepEqual(
		standings.map(({ of }) => of),
		["dev", "ops"],
	);
	const asked = await gateway.admin.post("/v1/policy/explain", { subject: { kind: "key", id }, method: "GET", path: "/api/version" });
	assert.equal((asked.json() as { permitted: boolean }).permitted, true);
});

test("a proxy that asks is told the same: passwords, groups, and that a certificate cannot be shown there", async (t) => {
	await using upstream = await startWorkedUpstream({ script: plausibleOllama() });
	await using gateway = await startAskedGateway({
		upstreams: [upstream.url],
		tls: true,
		yaml:
			`identities: { ${await usersIn(t)}, certificates: { ask: true } }\n` +
			'roles: { ops: { classes: [probe], require: ["group:ops"] }, both: { classes: [probe], require: [key, certificate] } }\n',
	});
	const about = async (more: { readonly key?: string; readonly fields?: Fields }): Promise<RawResponse> => {
		const client = await connectRaw({ port: gateway.askPort });
		await client.send(questionOf({ proxy: "traefik", target: "/api/version", ...more }));
		const answer = await client.readResponse();
		client.destroy();
		return answer;
	};
	const wrong = await about({ fields: [basic("ada:wrong")] });
	assert.equal(wrong.status, 401);
	assert.match(String(wrong.header("www-authenticate")), /Bearer|Basic/);
	assert.equal((await about({ fields: [basic("bob:secret")] })).status, 401);
	const answer = await about({ fields: [basic("ada:secret")] });
	assert.equal(answer.status, 200);
	assert.equal(answer.header("remote-user"), "ada");
	assert.equal((await startOf(gateway, answer)).principal, "htpasswd:ada");
	const keyed = await about({ key: await gateway.createKey("both") });
	assert.equal(keyed.status, 401);
	assert.equal((await startOf(gateway, keyed)).reason, "credential-incomplete");
	const asKey = await about({ fields: [basic(`anyone:${await gateway.createKey("user")}`)] });
	assert.equal(asKey.status, 200);
});
