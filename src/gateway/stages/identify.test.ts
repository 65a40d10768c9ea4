import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DEFAULT_POLICY } from "../../../test/support/policies.ts";
import { receivedWith } from "../../../test/support/received.ts";
import { NO_GROUPS, type Principal } from "../../model/principal.ts";
import { REASONS } from "../../model/reason.ts";
import type { KeyRing } from "../../ports/key-ring.ts";
import { HeaderFields } from "../../wire/header-fields.ts";
import { identify } from "./identify.ts";

type Header = readonly [name: string, value: string];

const NOW = Date.UTC(2026, 0, 1);
const ALICE: Principal = { kind: "api-key", id: "alice001", name: "alice", role: "user", models: null, groups: NO_GROUPS };
const GOOD = "rmp_live_good";
const REVOKED = "rmp_live_revoked";

/** A ring that knows one key and remembers what it was asked. */
function ringOf(asked: string[] = []): KeyRing {
	return {
		verify(credential, now) {
			asked.push(credential);
			assert.equal(now, NOW);
			if (credential === GOOD) return { principal: ALICE };
			if (credential === REVOKED) return { refused: "credential-revoked", keyId: "alice002" };
			return { refused: "credential-malformed", keyId: null };
		},
	};
}

function identifyWith(headers: readonly Header[], keys = ringOf()) {
	const fields = new HeaderFields(
		headers.map(([name]) => name.toLowerCase()),
		headers.map(([, value]) => value),
	);
	const decision = identify(receivedWith({ fields }), { keys, now: () => NOW }, DEFAULT_POLICY);
	assert.ok(!(decision instanceof Promise), "a key is checked at once");
	return decision;
}

const basic = (text: string): Header => ["authorization", `Basic ${Buffer.from(text).toString("base64")}`];
const bearer = (credential: string): Header => ["authorization", `Bearer ${credential}`];

const refusals: readonly (readonly [when: string, headers: readonly Header[], reason: string])[] = [
	["no credential is sent", [], "credential-missing"],
	[
		"only other fields are sent",
		[
			["x-forwarded-user", "root"],
			["cookie", GOOD],
			["proxy-authorization", `Bearer ${GOOD}`],
		],
		"credential-missing",
	],
	["the field is empty", [["authorization", ""]], "credential-malformed"],
	["the scheme is not one of ours", [["authorization", `Negotiate ${GOOD}`]], "credential-malformed"],
	["there is no scheme", [["authorization", GOOD]], "credential-malformed"],
	["another scheme only ends like ours", [["authorization", `XBearer ${GOOD}`]], "credential-malformed"],
	["another scheme only ends like Basic", [["authorization", `X${basic(`me:${GOOD}`)[1]}`]], "credential-malformed"],
	["something follows the Basic credentials", [["authorization", `${basic(`me:${GOOD}`)[1]} x`]], "credential-malformed"],
	["the bearer token has a space inside", [["authorization", `Bearer ${GOOD} x`]], "credential-malformed"],
	["two fields carry different keys", [bearer(GOOD), ["x-api-key", "rmp_live_other"]], "credential-ambiguous"],
	["the field is sent twice with different keys", [bearer(GOOD), bearer(REVOKED)], "credential-ambiguous"],
	[
		"a scheme that we do not speak rides along with a good key",
		[
			["authorization", "Digest x"],
			["x-api-key", GOOD],
		],
		"credential-ambiguous",
	],
	[
		"an empty field rides along with a good key",
		[
			["api-key", ""],
			["x-api-key", GOOD],
		],
		"credential-ambiguous",
	],
	["Basic carries another key than x-api-key", [basic(`me:${REVOKED}`), ["x-api-key", GOOD]], "credential-ambiguous"],
	["Basic has no colon", [basic(GOOD)], "credential-malformed"],
	["Basic carries the key as the user", [basic(`${GOOD}:`)], "credential-malformed"],
	["Basic holds a control character", [basic(`me:${GOOD}\u0000`)], "credential-malformed"],
	["Basic is in the URL-safe alphabet", [["authorization", "Basic bWU6__-_"]], "credential-malformed"],
	["Basic is not in its canonical encoding", [["authorization", `${basic(`me:${GOOD}`)[1].replace(/=+$/, "")}`]], "credential-malformed"],
	["the key was revoked", [bearer(REVOKED)], "credential-revoked"],
];

for (const [when, headers, reason] of refusals) {
	test(`refuses when ${when}`, () => {
		const decision = identifyWith(headers);
		assert.equal(decision.permitted, false);
		assert.equal(decision.reason, reason);
		for (const [, sent] of headers) if (sent !== "") assert.ok(!JSON.stringify(decision).includes(sent));
	});
}

const permits: readonly (readonly [where: string, headers: readonly Header[]])[] = [
	["Authorization: Bearer", [bearer(GOOD)]],
	["the scheme in another case, with more spaces", [["Authorization", `bEARER   ${GOOD}`]]],
	["x-api-key", [["X-Api-Key", GOOD]]],
	["api-key", [["api-key", GOOD]]],
	["the password of Basic", [basic(`anybody:${GOOD}`)]],
	["Basic with more spaces", [["authorization", basic(`me:${GOOD}`)[1].replace(" ", "   ")]]],
	["the password of Basic without a user", [basic(`:${GOOD}`)]],
	["two fields with the same key, as some SDKs send it", [bearer(GOOD), ["x-api-key", GOOD]]],
];

for (const [where, headers] of permits) {
	test(`permits a live key in ${where}`, () => {
		const decision = identifyWith(headers);
		assert.ok(decision.permitted);
		assert.equal(decision.value.principal, ALICE);
	});
}

test("what cannot be read as a credential is asked about as the empty one, and nothing else is", () => {
	const asked: string[] = [];
	const ring = ringOf(asked);
	for (const value of ["Basic *", "Basic bWU6__-_", `Basic ${Buffer.from("no colon").toString("base64")}`])
		identifyWith([["authorization", value]], ring);
	assert.deepEqual(asked, ["", "", ""]);
});

test("two credentials are counted for the record", () => {
	const decision = identifyWith([bearer(GOOD), ["x-api-key", "other"]]);
	assert.ok(!decision.permitted);
	assert.equal(decision.detail, "2 different credentials");
});

test("a password with a colon in it is the whole rest", () => {
	const asked: string[] = [];
	identifyWith([basic("me:a:b")], ringOf(asked));
	assert.deepEqual(asked, ["a:b"]);
});

test("every refusal of a credential is one answer from outside", () => {
	const answers = Object.entries(REASONS).filter(([reason]) => reason.startsWith("credential-"));
	assert.equal(answers.length, 11);
	for (const [, answer] of answers) assert.deepEqual(answer, REASONS["credential-missing"]);
	assert.deepEqual(REASONS["network-denied"], REASONS["credential-missing"]);
});

test("a key ring that cannot answer is a fault, never a permit", () => {
	const broken: KeyRing = {
		verify: () => {
			throw new Error("disk full");
		},
	};
	assert.throws(() => identifyWith([bearer(GOOD)], broken), /disk full/);
});

test("never throws and never permits what the ring does not know, whatever the field holds", () => {
	const value = fc.string({ unit: "binary-ascii", maxLength: 200, size: "max" });
	fc.assert(
		fc.property(fc.constantFrom("authorization", "x-api-key", "api-key"), value, (name, sent) => {
			const decision = identifyWith([[name, sent]]);
			assert.equal(decision.permitted, sent === GOOD && name !== "authorization");
		}),
	);
});
