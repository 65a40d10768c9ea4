import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { OutsideAuthority } from "../../../test/support/client-certificate.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { HintedError } from "../../std/hinted-error.ts";
import { certificateNamesIn } from "./certificate-names.ts";
import { ClientCertificates, readAuthorities } from "./client-certificates.ts";

const outside = new OutsideAuthority();

test("a file of authorities that holds none, or something else, is refused with a hint", async (t) => {
	const folder = temporaryDirectory(t);
	const { cert } = await outside.client({ cn: "ada" });
	const pem = await outside.pem();
	for (const [what, content, message] of [
		["nothing", "", /holds no certificate/],
		["a private key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", /holds no certificate/],
		["a damaged certificate", pem.replace(/^MII/m, "AAA"), /cannot be read/],
		["a certificate of no authority", pem + cert, /of no authority: CN=ada/],
	] as const) {
		const file = join(folder, `${what}.pem`);
		writeFileSync(file, content);
		await assert.rejects(readAuthorities(file), (error) => error instanceof HintedError && message.test(error.message), what);
	}
	await assert.rejects(readAuthorities(join(folder, "absent.pem")), HintedError);
});

test("several authorities may stand in one file, between whatever else", async (t) => {
	const file = join(temporaryDirectory(t), "ca.pem");
	const [one, other] = [await outside.pem(), await new OutsideAuthority().pem()];
	writeFileSync(file, `# ours\n${one}\nsome text\r\n${other}`);
	assert.deepEqual(
		(await readAuthorities(file)).map((authority) => authority.toString().trim()),
		[one.trim(), other.trim()],
	);
});

test("where nobody outside is trusted, the authorities of the whole world are not trusted either", () => {
	const options = new ClientCertificates(Date.now).tlsOptions(null);
	assert.deepEqual([options.requestCert, options.rejectUnauthorized, options.ca], [true, false, []]);
});

test("names are read as they stand, also those that were made to look like others", async () => {
	const spec = {
		cn: 'ada, DNS:evil.example"',
		dns: ["a.example"],
		email: ["ada@example.org"],
		uri: ["spiffe://example.org/ns/a, DNS:evil.example"],
	};
	const { cert } = await outside.client(spec);
	assert.deepEqual(certificateNamesIn(new X509Certificate(cert).raw), {
		cn: [spec.cn],
		ou: [],
		dns: spec.dns,
		email: spec.email,
		uri: spec.uri,
	});
	const { cert: bare } = await outside.client({ cn: "ada" });
	assert.deepEqual(certificateNamesIn(new X509Certificate(bare).raw).dns, []);
});

test("an authority vouches for what it issued while it is valid itself, and only where the TLS library has a chain too", async () => {
	const authorities = [new X509Certificate(await outside.pem())];
	const { cert } = await outside.client({ cn: "ada" });
	const namesOf = (authorized: boolean, now: number): readonly string[] | undefined => {
		const certificates = new ClientCertificates(() => now);
		certificates.trust(authorities, certificateNamesIn);
		// As much of a socket as is looked at.
		const socket = { authorized, getPeerX509Certificate: () => new X509Certificate(cert) };
		return certificates.presentedOn(socket)?.vouched()?.cn;
	};
	const [{ validFromDate, validToDate } = assert.fail()] = authorities;
	assert.equal(namesOf(false, Date.now()), undefined);
	assert.equal(namesOf(true, validFromDate.getTime() - 1), undefined);
	assert.equal(namesOf(true, validToDate.getTime()), undefined);
	assert.deepEqual(namesOf(true, Date.now()), ["ada"]);
});
