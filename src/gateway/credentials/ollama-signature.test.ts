import assert from "node:assert/strict";
import { test } from "node:test";

import { ollamaClientKey } from "../../../test/support/ollama-client-key.ts";
import { DEFAULT_POLICY } from "../../../test/support/policies.ts";
import { type Asked, receivedWith } from "../../../test/support/received.ts";
import { NO_GROUPS, type Principal } from "../../model/principal.ts";
import type { KeyRing } from "../../ports/key-ring.ts";
import type { SignatureRing, SignedRequest } from "../../ports/signature-ring.ts";
import { HeaderFields } from "../../wire/header-fields.ts";
import { identify } from "../stages/identify.ts";

type Header = readonly [name: string, value: string];

const NOW = 1_795_406_050_000;
const ADA: Principal = { kind: "ollama-key", id: "prn_ada00001", name: "ada", role: "user", models: null, groups: NO_GROUPS };
const SIGNED = ollamaClientKey().authorization("GET", "/api/tags", NOW / 1000);
const KEY = "rmp_live_good";

class Ring implements SignatureRing {
	readonly asked: (SignedRequest & { readonly credential: string; readonly now: number })[] = [];

	verify(credential: string, request: SignedRequest, now: number) {
		this.asked.push({ ...request, credential, now });
		return credential === SIGNED ? { principal: ADA } : ({ refused: "credential-unknown", detail: "SHA256:x" } as const);
	}
}

/** A decision, or a promise of one: this kind of credential is judged at once either way. */
async function identified(headers: readonly Header[], asked: Asked = {}, signatures: SignatureRing | null = new Ring()) {
	const fields = new HeaderFields(
		headers.map(([name]) => name),
		headers.map(([, value]) => value),
	);
	const keys: KeyRing = { verify: () => ({ refused: "credential-malformed", keyId: null }), signatures };
	const decision = await identify(receivedWith({ fields, ...asked }), { keys, now: () => NOW }, DEFAULT_POLICY);
	return decision.permitted ? decision.value.principal.id : decision.reason;
}

const REFUSED: readonly (readonly [when: string, headers: readonly Header[], reason: string])[] = [
	["it stands in another field", [["x-api-key", SIGNED]], "credential-malformed"],
	["it stands behind a scheme", [["authorization", `Bearer ${SIGNED}`]], "credential-malformed"],
	[
		"a key comes with it",
		[
			["authorization", SIGNED],
			["x-api-key", KEY],
		],
		"credential-ambiguous",
	],
	[
		"a second one comes with it",
		[
			["authorization", SIGNED],
			["authorization", SIGNED.replace(":", ":A")],
		],
		"credential-ambiguous",
	],
	["its public key is not enrolled", [["authorization", SIGNED.replace(":", ":A")]], "credential-unknown"],
];
for (const [when, headers, reason] of REFUSED) {
	test(`a signature is refused where ${when}`, async () => assert.equal(await identified(headers), reason));
}

test("a signature is refused where nobody can be enrolled", async () => {
	assert.equal(await identified([["authorization", SIGNED]], {}, null), "credential-malformed");
});

test("the ring is asked about the request as it stands, and how it came", async () => {
	const ring = new Ring();
	const asked = { path: "/api/show", query: "ts=1795406050", peer: "192.0.2.9", encrypted: false };
	assert.equal(await identified([["authorization", SIGNED]], asked, ring), "prn_ada00001");
	assert.deepEqual(ring.asked, [
		{
			credential: SIGNED,
			method: "GET",
			target: "/api/show?ts=1795406050",
			query: "ts=1795406050",
			encrypted: false,
			peer: "192.0.2.9",
			now: NOW,
		},
	]);
});

test("the same signature in two fields of that name is one credential", async () => {
	assert.equal(
		await identified([
			["authorization", SIGNED],
			["authorization", SIGNED],
		]),
		"prn_ada00001",
	);
});
