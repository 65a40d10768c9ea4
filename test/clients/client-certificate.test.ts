/** curl with a client certificate from `rempart enroll`, as PEM and as PKCS#12. */
import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { rempart } from "../support/cli.ts";
import { SENTENCE, startClientWorld } from "../support/client-world.ts";
import { curl } from "../support/curl.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

test("curl with a client certificate", async (t) => {
	const world = await startClientWorld(t, "identities: { certificates: { ask: true } }\n");
	const folder = temporaryDirectory(t);
	const ca = join(folder, "ca.pem");
	writeFileSync(ca, world.gateway.ca);
	const out = join(folder, "issued");
	const enrolled = await rempart(["enroll", "--name", "ada", "--role", "user", "--out", out, "--state", world.gateway.stateDirectory]);
	assert.equal(enrolled.code, 0, enrolled.err);
	assert.doesNotMatch(enrolled.err, /warning/);
	const password = enrolled.out.trim();
	const [key = "", pkcs12 = "", certificate = ""] = readdirSync(out).map((file) => join(out, file));
	const asPem = ["--cacert", ca, "--cert", certificate, "--key", key];
	const asPkcs12 = ["--cacert", ca, "--cert-type", "P12", "--cert", `${pkcs12}:${password}`];
	const generate = [`${world.url}/api/generate`, "-d", '{"model":"door","prompt":"who?","stream":false}'];

	await t.test("is refused without it, and with a key besides", async () => {
		for (const how of [
			["--cacert", ca],
			[...asPem, "-H", `x-api-key: ${world.user}`],
		]) {
			assert.match((await curl([...how, ...generate])).output, /a valid credential is needed/);
		}
	});

	await t.test("is let in, with either file", async () => {
		for (const how of [asPem, asPkcs12]) {
			const { exit, output, errors } = await curl([...how, ...generate]);
			assert.equal(exit, 0, errors);
			assert.ok(output.includes(SENTENCE), output);
		}
	});

	await t.test("is refused once the serial number is removed", async () => {
		const state = ["--state", world.gateway.stateDirectory];
		const [id = ""] = /prn_[0-9a-z]{8}/.exec(enrolled.err) ?? [];
		const [serial = ""] = /serial +([0-9A-F]+)/.exec(enrolled.err)?.slice(1) ?? [];
		assert.equal((await rempart(["principal", "remove", serial, ...state])).out, `removed ${id} (ada)\n`);
		assert.match((await curl([...asPem, ...generate])).output, /a valid credential is needed/);
	});
});
