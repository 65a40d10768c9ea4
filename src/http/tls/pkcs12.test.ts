import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { test } from "node:test";
import { createSecureContext } from "node:tls";

import { Secret } from "../../std/secret.ts";
import { issueAuthority, issueClient } from "./issue.ts";
import { pkcs12Of } from "./pkcs12.ts";

const NOW = Date.now();
const DAY = 86_400_000;
const NAME = "laptop of ada — \u{1f5dd}";
const authority = await issueAuthority("box", NOW);
const client = await issueClient(authority, { id: "prn_ada00001", name: NAME }, { now: NOW, expiresAt: NOW + 30 * DAY });

test("a client's certificate is for clients alone, names whom it is for, and does not outlive its CA", async () => {
	const certificate = new X509Certificate(client.certificate);
	const issuer = new X509Certificate(authority.certificate);
	assert.ok(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
	assert.deepEqual([certificate.ca, certificate.keyUsage], [false, ["1.3.6.1.5.5.7.3.2"]]);
	assert.equal(certificate.subject, `CN=${NAME}\nUID=prn_ada00001`);
	assert.ok(Math.abs(certificate.validToDate.getTime() - NOW - 30 * DAY) < 1000);
	const long = await issueClient(authority, { id: "prn_x", name: "x" }, { now: NOW, expiresAt: NOW + 100_000 * DAY });
	assert.equal(new X509Certificate(long.certificate).validTo, issuer.validTo);
});

test("the file opens with its password, and with no other", async () => {
	const content = { certificate: client.certificate, key: client.key, authority: authority.certificate, name: NAME };
	const pfx = await pkcs12Of(content, new Secret("correct horse ü"));
	for (const passphrase of ["", "correct horse", "correct horse u"]) {
		assert.throws(() => createSecureContext({ pfx, passphrase }), passphrase);
	}
	assert.doesNotThrow(() => createSecureContext({ pfx, passphrase: "correct horse ü" }));
	const bytes = pfx.toString("latin1");
	const der = new X509Certificate(client.certificate).raw.toString("latin1");
	assert.ok(!bytes.includes(der.slice(40, 60)) && !bytes.includes("prn_ada00001"));
});
