import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { NO_GROUPS } from "../model/principal.ts";
import { type RememberedToken, TokenMemo } from "./token-memo.ts";

const PRINCIPAL = { kind: "access-token", id: "tok_1", name: "ada", role: "user", models: null, groups: NO_GROUPS } as const;

function remembered(expiresAt: number, claims = "{}", until = expiresAt): RememberedToken {
	return {
		issuer: "https://sso.example.org",
		generation: 1,
		until,
		expiresAt,
		verdict: { principal: PRINCIPAL, certificate: null },
		claims,
	};
}

test("a tag is an HMAC of the token, whatever its length, and of this process alone", () => {
	const memo = new TokenMemo();
	fc.assert(
		fc.property(fc.string({ unit: "binary-ascii", maxLength: 200, size: "max" }), fc.nat(6_000), (text, length) => {
			const token = text.padEnd(length, "x");
			assert.equal(memo.tagOf(token), memo.slowTagOf(token));
		}),
	);
	assert.notEqual(memo.tagOf("a"), new TokenMemo().tagOf("a"));
});

test("what is over is forgotten, and so is what was used least lately when there are too many", () => {
	const memo = new TokenMemo(2);
	memo.put("a", remembered(10));
	assert.equal(memo.find("a", 10), null);
	assert.equal(memo.size, 0);
	memo.put("a", remembered(10, "{}", 5));
	assert.deepEqual([memo.find("a", 5), memo.size], [null, 1]);
	memo.put("b", remembered(10));
	assert.notEqual(memo.find("a", 0), null);
	memo.put("c", remembered(10));
	assert.deepEqual([memo.find("b", 0), memo.size], [null, 2]);
	assert.notEqual(memo.find("a", 0), null);
});

test("claims take no more than their room, however they come and go", () => {
	const memo = new TokenMemo(100, 1_000);
	for (let index = 0; index < 50; index++) memo.put(`t${index % 20}`, remembered(100, "x".repeat(100)));
	assert.equal(memo.size, 10);
	for (const [tag] of memo.all()) memo.forget(tag);
	memo.put("whole", remembered(100, "x".repeat(1_000)));
	assert.equal(memo.size, 1);
	assert.equal(memo.find("whole", 200), null);
	memo.put("a", remembered(100, "x".repeat(500)));
	memo.put("b", remembered(100, "x".repeat(500)));
	assert.equal(memo.size, 2);
	memo.put("too large", remembered(100, "x".repeat(1_001)));
	assert.equal(memo.size, 0);
});
