import assert from "node:assert/strict";
import { test } from "node:test";

import { ollamaClientKey } from "../../../test/support/ollama-client-key.ts";
import { type ClientExchange, clientScenarios } from "../../../test/support/recorded-clients.ts";
import type { EnrolledPrincipal } from "../../model/enrolled-principal.ts";
import type { SignedRequest } from "../../ports/signature-ring.ts";
import { MemorySignatureRing, type SignatureSettings } from "./signature-ring.ts";

const SETTINGS: SignatureSettings = { clockSkewMs: 60_000, clearText: false };
const SECONDS = 1_795_406_050;
const NOW = SECONDS * 1000 + 250;
const ada = ollamaClientKey();
const eve = ollamaClientKey();

function enrolled(publicKey: string, changes: Partial<EnrolledPrincipal> = {}): EnrolledPrincipal {
	return {
		id: "prn_ada00001",
		name: "laptop of ada",
		role: "user",
		models: null,
		groups: [],
		createdAt: 1,
		expiresAt: null,
		revokedAt: null,
		credential: { kind: "ollama-key", publicKey },
		...changes,
	};
}

function ringOf(changes: Partial<EnrolledPrincipal> = {}, settings: Partial<SignatureSettings> = {}): MemorySignatureRing {
	const ring = new MemorySignatureRing({ ...SETTINGS, ...settings });
	ring.put(enrolled(ada.publicKey, changes));
	return ring;
}

interface Asked {
	readonly method?: string;
	readonly path?: string;
	readonly query?: string | null;
	readonly encrypted?: boolean;
	readonly peer?: string;
}

function requestOf({
	method = "GET",
	path = "/api/tags",
	query = `ts=${SECONDS}`,
	encrypted = true,
	peer = "192.0.2.1",
}: Asked): SignedRequest {
	return { method, target: query === null ? path : `${path}?${query}`, query, encrypted, peer };
}

function judged(ring: MemorySignatureRing, credential: string, asked: Asked = {}, now = NOW): string {
	const verdict = ring.verify(credential, requestOf(asked), now);
	return "principal" in verdict ? verdict.principal.id : verdict.refused;
}

const GOOD = ada.authorization("GET", "/api/tags", SECONDS);

const REFUSED: readonly (readonly [when: string, credential: string, asked: Asked, reason: string])[] = [
	["it is for another path", GOOD, { path: "/api/ps" }, "credential-wrong"],
	["the path is spelled otherwise", GOOD, { path: "//api/tags" }, "credential-wrong"],
	["it is for another method", GOOD, { method: "HEAD" }, "credential-wrong"],
	["it is for another second", GOOD, { query: `ts=${SECONDS + 1}` }, "credential-wrong"],
	["it is another's signature", `${ada.publicKey}:${eve.authorization("GET", "/api/tags", SECONDS).split(":")[1]}`, {}, "credential-wrong"],
	["the key is nobody's here", eve.authorization("GET", "/api/tags", SECONDS), {}, "credential-unknown"],
	["there is no time", GOOD, { query: null }, "credential-malformed"],
	["there are two times", GOOD, { query: `ts=${SECONDS}&ts=${SECONDS}` }, "credential-malformed"],
	["something else is asked besides", GOOD, { query: `ts=${SECONDS}&insecure=true` }, "credential-malformed"],
	["the base64 is damaged", `${GOOD.slice(0, -3)}B==`, {}, "credential-malformed"],
	["the algorithm is another", `AAAAB3NzaC1yc2EAAAADAQAB:${GOOD.split(":")[1]}`, {}, "credential-malformed"],
	["the connection is in clear", GOOD, { encrypted: false }, "credential-unprotected"],
	[
		"the connection is in clear and the key nobody's",
		eve.authorization("GET", "/api/tags", SECONDS),
		{ encrypted: false },
		"credential-unprotected",
	],
];
for (const [when, credential, asked, reason] of REFUSED) {
	test(`refuses a signature where ${when}`, () => {
		const ring = ringOf();
		assert.equal(judged(ring, credential, asked), reason);
		// Nor does a good one before make it good.
		assert.equal(judged(ring, GOOD), "prn_ada00001");
		assert.equal(judged(ring, credential, asked), reason);
	});
}

for (const [seconds, reason] of [
	[-61, "credential-stale"],
	[-60, "prn_ada00001"],
	[0, "prn_ada00001"],
	[60, "prn_ada00001"],
	[61, "credential-stale"],
] as const) {
	test(`a clock ${seconds} s from ours: ${reason}`, () => {
		const at = SECONDS + seconds;
		const ring = ringOf();
		assert.equal(judged(ring, ada.authorization("GET", "/api/tags", at), { query: `ts=${at}` }), reason);
	});
}

test("what was verified before is refused once its time is over, and the record says by how much", () => {
	const ring = ringOf();
	assert.equal(judged(ring, GOOD), "prn_ada00001");
	assert.deepEqual(ring.verify(GOOD, requestOf({}), NOW + 61_000), {
		refused: "credential-stale",
		detail: "prn_ada00001, whose clock is 61 s behind",
	});
	ring.adjust({ ...SETTINGS, clockSkewMs: 120_000 });
	assert.equal(judged(ring, GOOD, {}, NOW + 61_000), "prn_ada00001");
});

test("revocation and expiry hold at once, for what was verified before too", () => {
	const ring = ringOf({ expiresAt: NOW + 10 });
	assert.equal(judged(ring, GOOD), "prn_ada00001");
	assert.equal(judged(ring, GOOD, {}, NOW + 10), "credential-expired");
	ring.put(enrolled(ada.publicKey, { revokedAt: NOW }));
	assert.equal(judged(ring, GOOD), "credential-revoked");
});

test("only who holds the key can make the record say that it was revoked", () => {
	const ring = ringOf({ revokedAt: 1 });
	assert.equal(judged(ring, GOOD, { path: "/api/ps" }), "credential-wrong");
});

test("a key that was enrolled again under another id stays that one's, however often the first is removed", () => {
	const ring = ringOf({ revokedAt: 1 });
	ring.put(enrolled(ada.publicKey, { id: "prn_ada00002" }));
	assert.equal(judged(ring, GOOD), "prn_ada00002");
	ring.put(enrolled(ada.publicKey, { revokedAt: 2 }));
	assert.equal(judged(ring, GOOD), "prn_ada00002");
});

test("a change of rights counts from the next request", () => {
	const ring = ringOf();
	assert.equal(judged(ring, GOOD), "prn_ada00001");
	ring.put(enrolled(ada.publicKey, { role: "operator", models: ["door"] }));
	const verdict = ring.verify(GOOD, requestOf({}), NOW);
	assert.ok("principal" in verdict);
	assert.deepEqual(verdict.principal, {
		kind: "ollama-key",
		id: "prn_ada00001",
		name: "laptop of ada",
		role: "operator",
		models: ["door"],
		groups: [],
	});
});

test("the operator may accept signatures in clear", () => {
	assert.equal(judged(ringOf({}, { clearText: true }), GOOD, { encrypted: false }), "prn_ada00001");
});

test("the same signature is good as often as it comes, because honest clients send it twice within a second", () => {
	const ring = ringOf();
	const first = ring.verify(GOOD, requestOf({}), NOW);
	for (let time = 0; time < 100; time += 1) assert.equal(ring.verify(GOOD, requestOf({}), NOW), first);
});

test("more signatures than are remembered are all judged right", () => {
	const ring = ringOf({}, { clockSkewMs: 600_000 });
	// Each is remembered once; the signatures themselves cost most of this test.
	for (let at = 0; at < 9_000; at += 1) {
		const path = `/api/blobs/${at % 9}`;
		const seconds = SECONDS - 500 + Math.floor(at / 9);
		const query = `ts=${seconds}`;
		assert.equal(judged(ring, ada.authorization("GET", path, seconds), { path, query }), "prn_ada00001");
	}
	assert.equal(judged(ring, GOOD), "prn_ada00001");
	assert.equal(judged(ring, GOOD, { path: "/api/ps" }), "credential-wrong");
});

test("a network that sends what does not hold is not verified any more, and an honest caller beside it still is", () => {
	const ring = ringOf();
	const beside: Asked = { peer: "192.0.2.99" };
	const foreign = eve.authorization("GET", "/api/tags", SECONDS);
	for (let tries = 0; tries < 200; tries += 1) assert.equal(judged(ring, foreign), "credential-unknown");
	assert.equal(judged(ring, GOOD, beside), "prn_ada00001");
	assert.equal(judged(ring, ada.authorization("HEAD", "/", SECONDS), { ...beside, method: "HEAD", path: "/" }), "prn_ada00001");
});

test("a flood of strangers from everywhere keeps out nobody who is enrolled", () => {
	const ring = ringOf();
	const foreign = eve.authorization("GET", "/api/tags", SECONDS);
	// More networks than are remembered, and more failures than all strangers together may cost.
	for (let network = 0; network < 5_000; network += 1) {
		const peer = `10.${network >> 8}.${network & 255}.1`;
		assert.equal(judged(ring, foreign, { peer }), "credential-unknown");
	}
	assert.equal(judged(ring, GOOD), "prn_ada00001");
});

test("a public key that is damaged in the store opens nothing, and breaks nothing", () => {
	const ring = ringOf();
	for (const publicKey of ["", "AAAA", `${ada.publicKey}A`]) ring.put(enrolled(publicKey, { id: "prn_broken01" }));
	assert.equal(judged(ring, GOOD), "prn_ada00001");
});

test("who knows a public key and guesses its signatures can lock it out of his own network alone, and for seconds", () => {
	const ring = ringOf();
	const details = new Set<string | null>();
	for (let tries = 0; tries < 60; tries += 1) {
		const verdict = ring.verify(GOOD, requestOf({ path: `/api/${tries}` }), NOW);
		assert.ok("refused" in verdict && verdict.refused === "credential-wrong");
		details.add(verdict.detail);
	}
	assert.deepEqual([...details], ["prn_ada00001", "prn_ada00001, not verified: too many wrong ones from there"]);
	assert.equal(judged(ring, GOOD), "credential-wrong");
	assert.equal(judged(ring, GOOD, { peer: "198.51.100.1" }), "prn_ada00001");
	const later = ada.authorization("GET", "/api/tags", SECONDS + 1);
	assert.equal(judged(ring, later, { query: `ts=${SECONDS + 1}` }, NOW + 1000), "prn_ada00001");
});

const SIGNED = clientScenarios().filter(({ name }) => name.startsWith("client-cli-signed-"));

test("every signature that a real client was recorded to make holds at its time, and none holds for another request", () => {
	const ring = new MemorySignatureRing(SETTINGS);
	let seen = 0;
	for (const exchange of SIGNED.flatMap(({ connections }) => connections.flat())) {
		const { credential, publicKey, seconds } = claimOf(exchange);
		if (seen === 0) ring.put(enrolled(publicKey));
		const [path = "", query = ""] = exchange.target.split("?");
		const asked: Asked = { method: exchange.method, path, query };
		assert.equal(judged(ring, credential, asked, seconds * 1000), "prn_ada00001", exchange.target);
		assert.equal(judged(ring, credential, { ...asked, method: "PATCH" }, seconds * 1000), "credential-wrong");
		assert.equal(judged(ring, credential, asked, (seconds + 61) * 1000), "credential-stale");
		seen += 1;
	}
	assert.ok(seen >= 15, String(seen));
});

function claimOf({ head, target }: ClientExchange): { credential: string; publicKey: string; seconds: number } {
	const credential = /^authorization: (.*)\r$/im.exec(head)?.[1] ?? "";
	return { credential, publicKey: credential.split(":")[0] ?? "", seconds: Number(/ts=(\d+)$/.exec(target)?.[1]) };
}
