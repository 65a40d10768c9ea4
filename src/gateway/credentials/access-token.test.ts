import assert from "node:assert/strict";
import { test } from "node:test";

import { callerOf, receivedWith } from "../../../test/support/received.ts";
import type { RequestHandler } from "../../http/caller.ts";
import { withCertificate } from "../../http/presented-certificate.ts";
import { Fault } from "../../model/fault.ts";
import { NO_GROUPS, type Principal } from "../../model/principal.ts";
import type { TokenChecker, TokenVerdict } from "../../ports/token-checker.ts";
import { HeaderFields } from "../../wire/header-fields.ts";
import { identifyToken, isAccessToken, isBoundToCertificate } from "./access-token.ts";

const ADA: Principal = { kind: "access-token", id: "tok_1", name: "ada", role: "user", models: null, groups: NO_GROUPS };

function checkerOf(verdict: TokenVerdict | Promise<TokenVerdict>, asked: string[] = []): TokenChecker {
	return {
		takes: (credential) => credential.startsWith("token"),
		verify(token, peer) {
			asked.push(`${token} ${peer}`);
			return verdict;
		},
	};
}

for (const [what, fields, expected] of [
	["x-api-key", [["x-api-key", "token"]], false],
	["api-key", [["api-key", "token"]], false],
	["the password of Basic", [["authorization", `Basic ${Buffer.from("x:token").toString("base64")}`]], false],
	["no scheme", [["authorization", "token"]], false],
	["another scheme", [["authorization", "DPoP token"]], false],
	["a bearer", [["authorization", "Bearer token"]], true],
	[
		"a bearer in another case, and the same key besides",
		[
			["authorization", "bearer  token"],
			["x-api-key", "token"],
		],
		true,
	],
] as const) {
	test(`a token that comes as ${what} is ${expected ? "one" : "none"}`, () => {
		const received = receivedWith({
			fields: new HeaderFields(
				fields.map(([name]) => name),
				fields.map(([, value]) => value),
			),
		});
		assert.equal(isAccessToken(received, "token", checkerOf({ principal: ADA, certificate: null })), expected);
		assert.equal(isAccessToken(received, "rmp_live_key", checkerOf({ principal: ADA, certificate: null })), false);
	});
}

test("what the checker says is what is decided, at once or later", async () => {
	const asked: string[] = [];
	const received = receivedWith();
	const refusal = { refused: "token-checks-full", detail: "d", retryAfterMs: 2_000 } as const;
	const denied = { permitted: false, reason: "token-checks-full", detail: "d", retryAfterMs: 2_000 };
	assert.deepEqual(identifyToken(received, "token", checkerOf(refusal, asked)), denied);
	assert.deepEqual(asked, ["token 192.0.2.1"]);
	assert.deepEqual(await identifyToken(received, "token", checkerOf(Promise.resolve(refusal))), denied);
	const decision = await identifyToken(received, "token", checkerOf(Promise.resolve({ principal: ADA, certificate: null })));
	assert.ok(decision.permitted);
	assert.equal(decision.value.principal, ADA);
	assert.equal(isBoundToCertificate(decision.value), false);
});

test("a checker that cannot tell is a fault, never a permit", async () => {
	const fault = new Fault("identity-provider-unavailable", "it does not answer");
	await assert.rejects(async () => identifyToken(receivedWith(), "token", checkerOf(Promise.reject(fault))), fault);
});

test("a bound token is good on a connection that showed its certificate, and on no other", async () => {
	const decide = async (shown: string | null) => {
		const received = receivedWith();
		const caller = callerOf(received.head, {});
		const handler: RequestHandler = { handle: () => Promise.resolve(), turnedAway: () => undefined, refuse: () => undefined };
		if (shown !== null) {
			await withCertificate(handler, { sha256: shown, serial: "1", notBefore: 0, notAfter: 1, vouched: () => null }).handle(caller);
		}
		return await identifyToken({ ...received, caller }, "token", checkerOf({ principal: ADA, certificate: "aa" }));
	};
	for (const shown of [null, "bb", ""]) {
		const decision = await decide(shown);
		assert.equal(decision.permitted ? "permitted" : decision.reason, "credential-incomplete");
	}
	const decision = await decide("aa");
	assert.ok(decision.permitted && isBoundToCertificate(decision.value));
});
