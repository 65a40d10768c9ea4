import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { HintedError } from "../../std/hinted-error.ts";
import { localCertificate } from "./local-ca.ts";

const DAY_MS = 86_400_000;
const NAMES = ["*.example.org", "10.9.8.7", "127.0.0.1", "::1", "box.local", "fd00::7", "localhost"];
const NOW = Date.now();
const HAS_OPENSSL = spawnSync("openssl", ["version"]).status === 0;

for (const [what, file, content] of [
	["the CA's key belongs to another certificate", "ca-key.pem", "other"],
	["the CA's certificate is garbage", "ca.pem", "not a certificate"],
	["the CA's certificate is gone and its key is not", "ca.pem", null],
	["a server's certificate lies in the CA's place", "ca.pem", "server"],
] as const) {
	test(`refuses to make a new CA silently when ${what}`, async (t) => {
		const directory = await folder(t);
		await localCertificate(directory, NAMES, NOW);
		const path = join(directory, "tls", file);
		if (content === null) await rm(path);
		else if (content === "other") await writeFile(path, await readFile(join(directory, "tls/server-key.pem")));
		else await writeFile(path, content === "server" ? await readFile(join(directory, "tls/server.pem")) : content);
		await assert.rejects(localCertificate(directory, NAMES, NOW), HintedError);
	});
}

test("a file that somebody else may not read is kept so: every file is 0600 and nothing temporary stays", async (t) => {
	const directory = await folder(t);
	await localCertificate(directory, NAMES, NOW);
	const files = await readdir(join(directory, "tls"));
	assert.deepEqual(files.toSorted(), ["ca-key.pem", "ca.pem", "server-key.pem", "server.pem"]);
	for (const file of files) assert.equal((await stat(join(directory, "tls", file))).mode & 0o777, 0o600, file);
});

test("the CA may sign servers and nothing below itself; the server is no CA", async (t) => {
	const directory = await folder(t);
	const local = await localCertificate(directory, NAMES, NOW);
	const [server, authority] = chainOf(local.chain);
	assert.ok(authority.ca);
	assert.equal(server.ca, false);
	assert.ok(authority.subject.startsWith("CN=Rempart local CA "));
	assert.ok(server.checkIssued(authority) && server.verify(authority.publicKey) && authority.verify(authority.publicKey));
	assert.equal(server.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
	assert.deepEqual(server.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
	assert.equal(local.caSha256, authority.fingerprint256.replaceAll(":", "").toLowerCase());
	assert.ok((server.validToDate.getTime() - server.validFromDate.getTime()) / DAY_MS <= 397);
	assert.ok((authority.validToDate.getTime() - NOW) / DAY_MS > 3640);
	for (const name of ["a.example.org", "box.local", "localhost"]) assert.ok(server.checkHost(name), name);
	for (const address of ["10.9.8.7", "127.0.0.1", "::1", "fd00::7"]) assert.ok(server.checkIP(address), address);
	assert.equal(server.checkHost("example.com"), undefined);
});

test("openssl accepts the chain and the path length", { skip: !HAS_OPENSSL && "openssl is not on this machine" }, async (t) => {
	const directory = await folder(t);
	await localCertificate(directory, NAMES, NOW);
	const tls = join(directory, "tls");
	const verified = execFileSync("openssl", [
		"verify",
		"-x509_strict",
		"-purpose",
		"sslserver",
		"-CAfile",
		join(tls, "ca.pem"),
		join(tls, "server.pem"),
	]);
	assert.match(verified.toString(), /: OK/);
	const text = execFileSync("openssl", ["x509", "-noout", "-text", "-in", join(tls, "ca.pem")]).toString();
	assert.match(text, /CA:TRUE, pathlen:0/);
});

test("what fits is kept, byte for byte", async (t) => {
	const directory = await folder(t);
	assert.deepEqual(await localCertificate(directory, NAMES, NOW), await localCertificate(directory, NAMES, NOW + 300 * DAY_MS));
});

for (const [when, names, days] of [
	["a name is added", [...NAMES, "new.example"], 0],
	["a name is gone", NAMES.slice(1), 0],
	["fewer than 30 days are left", NAMES, 367],
] as const) {
	test(`the server's certificate is issued again, by the same CA, when ${when}`, async (t) => {
		const directory = await folder(t);
		const before = await localCertificate(directory, NAMES, NOW);
		const after = await localCertificate(directory, names, NOW + days * DAY_MS);
		assert.equal(after.caSha256, before.caSha256);
		assert.notEqual(after.chain, before.chain);
		assert.notEqual(after.key, before.key);
	});
}

test("a damaged server pair is no loss: it is issued again", async (t) => {
	const directory = await folder(t);
	const before = await localCertificate(directory, NAMES, NOW);
	await writeFile(join(directory, "tls/server-key.pem"), "garbage");
	const after = await localCertificate(directory, NAMES, NOW);
	assert.equal(after.caSha256, before.caSha256);
	assert.match(after.key, /BEGIN PRIVATE KEY/);
});

test("a CA at its end is replaced, and a server's certificate never outlives its CA", async (t) => {
	const directory = await folder(t);
	const before = await localCertificate(directory, NAMES, NOW);
	const late = await localCertificate(directory, NAMES, NOW + 3600 * DAY_MS);
	const [server, authority] = chainOf(late.chain);
	assert.equal(late.caSha256, before.caSha256);
	assert.equal(server.validTo, authority.validTo);
	assert.notEqual((await localCertificate(directory, NAMES, NOW + 3630 * DAY_MS)).caSha256, before.caSha256);
});

function chainOf(chain: string): readonly [server: X509Certificate, authority: X509Certificate] {
	const [server, authority] = chain.split(/(?<=-----END CERTIFICATE-----\n)/).map((pem) => new X509Certificate(pem));
	assert.ok(server !== undefined && authority !== undefined);
	return [server, authority];
}

async function folder(t: { after(clean: () => Promise<void>): void }): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), "rempart-ca-"));
	t.after(() => rm(directory, { recursive: true, force: true }));
	return directory;
}
