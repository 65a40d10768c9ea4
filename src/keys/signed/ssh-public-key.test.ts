import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign, verify } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";

import { blobOf, ollamaClientKey } from "../../../test/support/ollama-client-key.ts";
import { fingerprintOfPublicKey, keyObjectOf, readPublicKeyLine } from "./ssh-public-key.ts";

const GOOD = ollamaClientKey().publicKey;
/** One valid encoding of each point of small order, and two of each that has a second one. */
const SMALL = [
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

const REFUSED: readonly (readonly [what: string, text: string])[] = [
	["nothing", ""],
	["the base64 alone", GOOD],
	["another algorithm's name", `ssh-rsa ${GOOD}`],
	["another algorithm's key", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7"],
	["another algorithm's key under this name", `ssh-ed25519 ${blobOf("ssh-rsa", Buffer.alloc(32))}`],
	["a key held by a hardware token", `sk-ssh-ed25519@openssh.com ${GOOD}`],
	["options of authorized_keys before it", `restrict ssh-ed25519 ${GOOD}`],
	["a key that is too short", `ssh-ed25519 ${blobOf("ssh-ed25519", Buffer.alloc(31, 7))}`],
	["a key that is too long", `ssh-ed25519 ${blobOf("ssh-ed25519", Buffer.alloc(33, 7))}`],
	["something after the key inside the base64", `ssh-ed25519 ${GOOD}AAAA`],
	["base64 of another alphabet", `ssh-ed25519 ${GOOD.slice(0, -2)}-_`],
	["two keys", `ssh-ed25519 ${GOOD}\nssh-ed25519 ${GOOD}\n`],
	["a private key", "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n"],
];
for (const [what, text] of REFUSED) {
	test(`refuses ${what}, and does not repeat it`, () => {
		const read = readPublicKeyLine(text);
		assert.ok("problem" in read, JSON.stringify(read));
		assert.ok(read.hint !== "");
		assert.doesNotMatch(`${read.problem} ${read.hint}`, /AAAA|c2VjcmV0/);
	});
}

for (const encoded of SMALL) {
	test(`refuses the point of small order ${encoded}, for which anybody can sign`, () => {
		const blob = blobOf("ssh-ed25519", Buffer.from(encoded, "hex"));
		assert.ok("problem" in readPublicKeyLine(`ssh-ed25519 ${blob}`));
	});
}

test("reads the line with and without comment, blanks and line ends", () => {
	for (const text of [`ssh-ed25519 ${GOOD}`, `ssh-ed25519 ${GOOD} ada@laptop two words\r\n`, `\n  ssh-ed25519\t${GOOD}\n\n`]) {
		assert.deepEqual(readPublicKeyLine(text), { publicKey: GOOD });
	}
});

test("the key object verifies what the private key signed", () => {
	const { publicKey, privateKey } = generateKeyPairSync("ed25519");
	const blob = blobOf("ssh-ed25519", Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url"));
	const bytes = Buffer.from("HEAD,/?ts=1");
	assert.ok(verify(null, bytes, keyObjectOf(blob), sign(null, bytes, privateKey)));
	assert.ok(!verify(null, bytes, keyObjectOf(GOOD), sign(null, bytes, privateKey)));
});

test("the fingerprint is SHA-256 of the wire form in base64 without padding, as ssh-keygen prints it", () => {
	const digest = createHash("sha256").update(Buffer.from(GOOD, "base64")).digest("base64");
	assert.equal(fingerprintOfPublicKey(GOOD), `SHA256:${digest.slice(0, 43)}`);
});

test("every 32 bytes have exactly one spelling that is read, and every text that is read is that spelling", () => {
	fc.assert(
		fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
			const blob = blobOf("ssh-ed25519", Buffer.from(bytes));
			const read = readPublicKeyLine(`ssh-ed25519 ${blob}`);
			if ("publicKey" in read) assert.equal(read.publicKey, blob);
			else assert.match(read.problem, /anybody could sign/);
		}),
	);
	fc.assert(
		fc.property(fc.nat({ max: 67 }), fc.base64String({ minLength: 4, maxLength: 4 }), (at, text) => {
			const changed = `${GOOD.slice(0, at)}${text.charAt(0)}${GOOD.slice(at + 1)}`;
			const read = readPublicKeyLine(`ssh-ed25519 ${changed}`);
			if ("publicKey" in read) assert.equal(Buffer.from(read.publicKey, "base64").toString("base64"), changed);
		}),
	);
});
