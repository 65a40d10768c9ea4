import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";

import { Secret } from "../std/secret.ts";
import { KEY_LENGTH } from "./key-format.ts";
import { KeyMac } from "./key-mac.ts";
import { mintKey, mintKeyId } from "./mint-key.ts";

test("refuses a pepper or a text of another length", () => {
	assert.throws(() => new KeyMac(new Secret("ab".repeat(31))));
	assert.throws(() => new KeyMac(new Secret("")));
	const mac = new KeyMac(new Secret("ab".repeat(32)));
	assert.throws(() => mac.macOf("x".repeat(KEY_LENGTH - 1)));
	assert.throws(() => mac.macOf("x".repeat(KEY_LENGTH + 1)));
});

test("is HMAC-SHA-256 under the pepper", () => {
	for (let round = 0; round < 50; round += 1) {
		const pepper = randomBytes(32);
		const mac = new KeyMac(new Secret(pepper.toString("hex")));
		for (let key = 0; key < 5; key += 1) {
			const text = mintKey(mintKeyId()).text.reveal();
			assert.equal(mac.macOf(text), createHmac("sha256", pepper).update(text).digest("hex"));
		}
	}
});
