import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiKey } from "../model/api-key.ts";
import { NO_GROUPS } from "../model/principal.ts";
import { Secret } from "../std/secret.ts";
import { formatKey } from "./key-format.ts";
import { KeyMac } from "./key-mac.ts";
import { MemoryKeyRing } from "./key-ring.ts";
import { mintKey } from "./mint-key.ts";

const MAC = new KeyMac(new Secret("5a".repeat(32)));
const NOW = 10_000;
const ID = "ab12cd34";
const TEXT = mintKey(ID).text.reveal();
const OLDER = mintKey(ID).text.reveal();

function secretOf(text: string, expiresAt: number | null = null) {
	return { mac: MAC.macOf(text), last4: "abcd", createdAt: 0, expiresAt };
}

function keyOf(changes: Partial<ApiKey> = {}): ApiKey {
	return {
		id: ID,
		name: "laptop",
		role: "user",
		models: null,
		groups: [],
		createdAt: 0,
		expiresAt: null,
		revokedAt: null,
		secrets: [secretOf(TEXT)],
		...changes,
	};
}

function ringWith(...keys: readonly ApiKey[]): MemoryKeyRing {
	const ring = new MemoryKeyRing(MAC);
	ring.load(keys);
	return ring;
}

test("refuses, and tells the record alone why", () => {
	const withBoth = keyOf({ secrets: [secretOf(TEXT), secretOf(OLDER, NOW)] });
	const cases: readonly [string, ApiKey, string, string, string | null][] = [
		["no text at all", keyOf(), "", "credential-malformed", null],
		["a mistyped key", keyOf(), `${TEXT.slice(0, -1)}_`, "credential-malformed", null],
		["a long text", keyOf(), "x".repeat(100_000), "credential-malformed", null],
		["an id that does not exist", keyOf(), mintKey("00000000").text.reveal(), "credential-unknown", "00000000"],
		["another secret", keyOf(), mintKey(ID).text.reveal(), "credential-wrong", ID],
		["a revoked key", keyOf({ revokedAt: NOW - 1 }), TEXT, "credential-revoked", ID],
		[
			"a revoked key in the instant of its revocation, whatever the clock says",
			keyOf({ revokedAt: NOW + 60_000 }),
			TEXT,
			"credential-revoked",
			ID,
		],
		["an expired key", keyOf({ expiresAt: NOW - 1 }), TEXT, "credential-expired", ID],
		["a key in the instant in which it expires", keyOf({ expiresAt: NOW }), TEXT, "credential-expired", ID],
		["the older secret after the overlap", withBoth, OLDER, "credential-expired", ID],
		["another secret of a revoked key: only a holder learns of the revocation", keyOf({ revokedAt: 1 }), OLDER, "credential-wrong", ID],
		["another secret of an expired key", keyOf({ expiresAt: 1 }), OLDER, "credential-wrong", ID],
		["any secret of a key that has none", keyOf({ secrets: [] }), TEXT, "credential-wrong", ID],
		["any secret of a key whose MAC is damaged", keyOf({ secrets: [{ ...secretOf(TEXT), mac: "" }] }), TEXT, "credential-wrong", ID],
		[
			"a third secret: a rotation keeps two",
			keyOf({ secrets: [secretOf(mintKey(ID).text.reveal()), secretOf(mintKey(ID).text.reveal()), secretOf(TEXT)] }),
			TEXT,
			"credential-wrong",
			ID,
		],
		[
			"the right secret under another pepper",
			keyOf({ secrets: [{ ...secretOf(TEXT), mac: new KeyMac(new Secret("00".repeat(32))).macOf(TEXT) }] }),
			TEXT,
			"credential-wrong",
			ID,
		],
	];
	for (const [name, key, credential, refused, keyId] of cases)
		assert.deepEqual(ringWith(key).verify(credential, NOW), { refused, keyId }, name);
});

test("refuses everything while it is empty, the text that stands in for malformed ones included", () => {
	const ring = new MemoryKeyRing(MAC);
	assert.deepEqual(ring.verify(TEXT, NOW), { refused: "credential-unknown", keyId: ID });
	assert.deepEqual(ring.verify(formatKey("0".repeat(8), "0".repeat(32)), NOW), { refused: "credential-unknown", keyId: "00000000" });
});

test("does the same work whatever is wrong", () => {
	let macs = 0;
	class CountingMac extends KeyMac {
		override macOf(text: string): string {
			macs += 1;
			return super.macOf(text);
		}
	}
	const ring = new MemoryKeyRing(new CountingMac(new Secret("5a".repeat(32))));
	ring.load([keyOf()]);
	for (const credential of ["", "x".repeat(100_000), TEXT.slice(1), mintKey("00000000").text.reveal(), mintKey(ID).text.reveal(), TEXT]) {
		macs = 0;
		ring.verify(credential, NOW);
		assert.equal(macs, 1);
	}
});

test("permits the newest secret, and the older one until the overlap ends", () => {
	const ring = ringWith(keyOf({ expiresAt: NOW + 1, secrets: [secretOf(TEXT), secretOf(OLDER, NOW + 1)] }));
	const expected = { principal: { kind: "api-key", id: ID, name: "laptop", role: "user", models: null, groups: NO_GROUPS } };
	assert.deepEqual(ring.verify(TEXT, NOW), expected);
	assert.deepEqual(ring.verify(OLDER, NOW), expected);
});

test("hands out one principal for as long as a key does not change", () => {
	const ring = ringWith(keyOf({ secrets: [secretOf(TEXT), secretOf(OLDER)] }));
	const principalOf = (text: string) => {
		const verified = ring.verify(text, NOW);
		assert.ok("principal" in verified);
		return verified.principal;
	};
	const principal = principalOf(TEXT);
	assert.equal(principalOf(TEXT), principal);
	assert.equal(principalOf(OLDER), principal);
	ring.put(keyOf({ role: "admin" }));
	assert.notEqual(principalOf(TEXT), principal);
	assert.equal(principalOf(TEXT).role, "admin");
});

test("counts a change from the very next call", () => {
	const ring = ringWith(keyOf());
	assert.ok("principal" in ring.verify(TEXT, NOW));
	ring.put(keyOf({ revokedAt: NOW }));
	assert.deepEqual(ring.verify(TEXT, NOW), { refused: "credential-revoked", keyId: ID });
	ring.load([]);
	assert.deepEqual(ring.verify(TEXT, NOW), { refused: "credential-unknown", keyId: ID });
});

test("finds and lists the keys that it holds", () => {
	const other = keyOf({ id: "00000000" });
	const ring = ringWith(keyOf(), other);
	assert.deepEqual([...ring.keys()], [keyOf(), other]);
	assert.deepEqual(ring.find("00000000"), other);
	assert.equal(ring.find("11111111"), null);
});
