/** Signatures of Project Wycheproof: none that is wrong is taken, by the shape of the text and by what verifies it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { partsOf } from "./compact-jws.ts";
import { readKeySet } from "./key-set.ts";

interface Group {
	readonly comment: string;
	readonly key: Readonly<Record<string, unknown>>;
	readonly tests: readonly {
		readonly tcId: number;
		readonly comment: string;
		readonly jws: string;
		readonly result: "valid" | "invalid";
	}[];
}

const groups = JSON.parse(readFileSync(new URL("../../test/fixtures/wycheproof-jws.json", import.meta.url), "utf8")) as readonly Group[];
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];

/** As a token's signature is verified, for a payload that need not be claims. */
async function isTaken(jws: string, key: unknown): Promise<boolean> {
	if (partsOf(jws) === null) return false;
	try {
		return (await readKeySet(JSON.stringify({ keys: [key] })).check(jws, ALGORITHMS)) === "holds";
	} catch (error) {
		assert.ok(error instanceof Error);
		return false;
	}
}

test("of 401 vectors none that is wrong is taken, and of those for public keys every one is that a token could be", async () => {
	const wronglyTaken: string[] = [];
	const wronglyRefused: string[] = [];
	let seen = 0;
	let taken = 0;
	for (const { key, comment, tests } of groups) {
		for (const vector of tests) {
			seen += 1;
			const isRight = await isTaken(vector.jws, key);
			if (isRight) taken += 1;
			if (isRight && vector.result === "invalid") wronglyTaken.push(`${vector.tcId} ${vector.comment}`);
			if (!isRight && vector.result === "valid" && key["kty"] !== "oct") wronglyRefused.push(`${vector.tcId} ${comment} ${vector.comment}`);
		}
	}
	assert.equal(seen, 401);
	assert.deepEqual(wronglyTaken, []);
	assert.ok(taken >= 25, String(taken));
	// Tokens have a payload; and RFC 7520's figures stand in the file with characters that are not of base64url.
	const needless = wronglyRefused.filter((one) => !/ emptyPayload$| rfc7520\w* Figure2[07]$/.test(one));
	assert.deepEqual(needless, []);
});

test("a symmetric key is none, and a text with a second spelling is no token", () => {
	const symmetric = groups.filter(({ key }) => key["kty"] === "oct");
	assert.ok(symmetric.length >= 4);
	for (const { key } of symmetric) assert.throws(() => readKeySet(JSON.stringify({ keys: [key] })), /no public key/);
	const spelled = new Map(groups.flatMap(({ tests }) => tests.map(({ tcId, jws }) => [tcId, jws] as const)));
	// White space in each of the three parts, and bits that mean nothing: libraries decode these.
	for (const tcId of [360, 365, 368, 375]) assert.equal(partsOf(spelled.get(tcId) ?? ""), null, String(tcId));
});
