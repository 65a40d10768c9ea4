import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

import { blobOf, ollamaClientKey } from "../../../test/support/ollama-client-key.ts";
import type { SignedRequest } from "../../ports/signature-ring.ts";
import { readOllamaSignature } from "./ollama-signature.ts";

const client = ollamaClientKey();
const GOOD = client.authorization("GET", "/api/tags", 1_795_406_050);
const [, SIGNATURE = ""] = GOOD.split(":");

function request(query: string | null, path = "/api/tags"): SignedRequest {
	const target = query === null ? path : `${path}?${query}`;
	return { method: "GET", target, query, encrypted: true, peer: "192.0.2.1" };
}

const CREDENTIALS: readonly (readonly [what: string, credential: string])[] = [
	["nothing", ""],
	["the public key alone", client.publicKey],
	["the public key without a signature", `${client.publicKey}:`],
	["the signature alone", `:${SIGNATURE}`],
	["a second signature", `${GOOD}:${SIGNATURE}`],
	["a space before", ` ${GOOD}`],
	["a space after", `${GOOD} `],
	["a scheme before", `Bearer ${GOOD}`],
	["a key of another algorithm", `${blobOf("ssh-rsa", Buffer.alloc(32, 7))}:${SIGNATURE}`],
	["a key that is too long", `${blobOf("ssh-ed25519", Buffer.alloc(33, 7))}:${SIGNATURE}`],
	["a signature without padding", GOOD.slice(0, -2)],
	["a signature of 63 bytes", `${client.publicKey}:${Buffer.alloc(63, 1).toString("base64")}`],
	["a signature of 65 bytes", `${client.publicKey}:${Buffer.alloc(65, 1).toString("base64")}`],
	["a signature whose last digit has bits to spare", `${GOOD.slice(0, -3)}B==`],
	["base64 for URLs", `${client.publicKey}:${Buffer.alloc(64, 255).toString("base64url")}==`],
	["a line break inside", `${client.publicKey}:\n${SIGNATURE}`],
];
for (const [what, credential] of CREDENTIALS) {
	test(`is not taken for a signature: ${what}`, () => assert.equal(readOllamaSignature(credential, request("ts=1795406050")), null));
}

const QUERIES: readonly (readonly [what: string, query: string | null])[] = [
	["none", null],
	["an empty one", ""],
	["no time", "ts="],
	["a time twice", "ts=1795406050&ts=1795406050"],
	["something besides the time", "ts=1795406050&insecure=true"],
	["something before the time", "a=b&ts=1795406050"],
	["a second question mark", "ts=1795406050?"],
	["a leading zero", "ts=01795406050"],
	["a sign", "ts=-1795406050"],
	["a fraction", "ts=1795406050.5"],
	["an exponent", "ts=1e9"],
	["hexadecimal digits", "ts=0x6b03f3e2"],
	["an escape", "ts=179540605%30"],
	["other digits", "ts=١٧٩٥٤٠٦٠٥٠"],
	["too many digits", "ts=1795406050000"],
	["another letter case", "TS=1795406050"],
	["a space after", "ts=1795406050 "],
];
for (const [what, query] of QUERIES) {
	test(`no signature goes with such a query: ${what}`, () => assert.equal(readOllamaSignature(GOOD, request(query)), null));
}

test("reads what the program sends", () => {
	assert.deepEqual(readOllamaSignature(GOOD, request("ts=1795406050")), {
		publicKey: client.publicKey,
		signature: SIGNATURE,
		seconds: 1_795_406_050,
		text: "GET,/api/tags?ts=1795406050",
	});
});

test("whatever is read has one spelling: written again, it is what was sent", () => {
	const near = fc.oneof(
		fc.string(),
		fc
			.tuple(fc.nat({ max: GOOD.length }), fc.string({ maxLength: 3 }))
			.map(([at, text]) => GOOD.slice(0, at) + text + GOOD.slice(at + text.length)),
		fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => `${client.publicKey}:${Buffer.from(bytes).toString("base64")}`),
	);
	const query = fc.oneof(
		fc.string(),
		fc.nat().map((seconds) => `ts=${seconds}`),
	);
	fc.assert(
		fc.property(near, query, (credential, asked) => {
			const read = readOllamaSignature(credential, request(asked));
			if (read === null) return;
			const again = [read.publicKey, read.signature].map((text) => Buffer.from(text, "base64").toString("base64"));
			assert.equal(again.join(":"), credential);
			assert.equal(read.text, `GET,/api/tags?ts=${read.seconds}`);
		}),
	);
});

test("every time and every signature of the right length is read", () => {
	fc.assert(
		fc.property(fc.nat({ max: 999_999_999_999 }), fc.uint8Array({ minLength: 64, maxLength: 64 }), (seconds, bytes) => {
			const credential = `${client.publicKey}:${Buffer.from(bytes).toString("base64")}`;
			assert.equal(readOllamaSignature(credential, request(`ts=${seconds}`))?.seconds, seconds);
		}),
	);
});
