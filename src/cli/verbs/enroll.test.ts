import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createSecureContext } from "node:tls";

import { folder, rempart } from "../../../test/support/cli.ts";

const ENROLL = ["enroll", "--name", "ada", "--role", "user"];

test("what cannot be enrolled leaves no file, and what cannot be written is not enrolled", async (t) => {
	const directory = await folder(t);
	const state = ["--state", join(directory, "state")];
	const out = join(directory, "out");
	const refused = await rempart(["enroll", "--name", "ada", "--role", "wizard", "--out", out, ...state]);
	assert.equal(refused.code, 2);
	assert.deepEqual(readdirSync(out), []);
	const file = join(directory, "file");
	writeFileSync(file, "");
	const unwritable = await rempart([...ENROLL, "--out", file, ...state]);
	assert.equal(unwritable.code, 2);
	assert.match(unwritable.err, /error: files cannot be written to .*\nhint: /);
	assert.equal((await rempart(["principal", "list", "--all", "--json", ...state])).out, "");
});

test("a certificate is written as PEM and PKCS#12, for its owner's eyes alone, and its serial removes it", async (t) => {
	const directory = await folder(t);
	const state = ["--state", join(directory, "state")];
	const out = join(directory, "out");
	const { code, out: shown, err } = await rempart([...ENROLL, "--expires", "30d", "--out", out, ...state]);
	assert.equal(code, 0, err);
	assert.match(err, /warning: the gateway asks nobody for a certificate yet/);
	const [id = ""] = /prn_[0-9a-z]{8}/.exec(err) ?? [];
	assert.deepEqual(readdirSync(out), [`${id}.key.pem`, `${id}.p12`, `${id}.pem`]);
	for (const name of readdirSync(out)) assert.equal(statSync(join(out, name)).mode & 0o777, 0o600);
	const certificate = new X509Certificate(readFileSync(join(out, `${id}.pem`)));
	assert.ok(certificate.checkPrivateKey(createPrivateKey(readFileSync(join(out, `${id}.key.pem`)))));
	const password = shown.trim();
	assert.match(password, /^[2-9a-zA]{20}$/);
	const pfx = readFileSync(join(out, `${id}.p12`));
	assert.doesNotThrow(() => createSecureContext({ pfx, passphrase: password }));
	assert.throws(() => createSecureContext({ pfx, passphrase: "" }));

	const list = await rempart(["principal", "list", ...state]);
	assert.match(list.out, new RegExp(`${id} +ada +user +active +as its role +in 30d +certificate ${certificate.serialNumber}`));
	const serial = certificate.serialNumber.toLowerCase().match(/../g)?.join(":") ?? "";
	assert.equal((await rempart(["principal", "remove", serial, ...state])).out, `removed ${id} (ada)\n`);
	assert.equal((await rempart(["principal", "remove", "0000", ...state])).code, 1);
});

test("with --json everything is on standard output, and no file is written", async (t) => {
	const directory = await folder(t);
	const { code, out } = await rempart([...ENROLL, "--json", "--out", join(directory, "out"), "--state", join(directory, "state")]);
	assert.equal(code, 0);
	const enrolled: Record<string, string> = JSON.parse(out);
	const { certificate = "", key = "", pkcs12 = "", password = "" } = enrolled;
	assert.ok(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)));
	assert.doesNotThrow(() => createSecureContext({ pfx: Buffer.from(pkcs12, "base64"), passphrase: password }));
	assert.deepEqual(readdirSync(directory), ["state"]);
});
