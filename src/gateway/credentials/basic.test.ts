import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { DEFAULT_POLICY } from "../../../test/support/policies.ts";
import { callerOf, receivedWith } from "../../../test/support/received.ts";
import { NO_GROUPS, type Principal } from "../../model/principal.ts";
import type { KeyRing } from "../../ports/key-ring.ts";
import type { PasswordChecker, PasswordVerdict } from "../../ports/password-checker.ts";
import { HeaderFields } from "../../wire/header-fields.ts";
import { identify } from "../stages/identify.ts";

type Header = readonly [name: string, value: string];
type Asked = readonly [user: string, password: string, peer: string];

const ALICE: Principal = { kind: "htpasswd", id: "htpasswd:alice", name: "alice", role: "user", models: null, groups: NO_GROUPS };
const KEY: Principal = { kind: "api-key", id: "key00001", name: "key", role: "user", models: null, groups: NO_GROUPS };
const GOOD_KEY = "rmp_live_good";
const keys: KeyRing = {
	verify: (credential) => (credential === GOOD_KEY ? { principal: KEY } : { refused: "credential-malformed", keyId: null }),
};

function checkerOf(asked: Asked[], verdict: PasswordVerdict = { principal: ALICE }, active = true): PasswordChecker {
	return {
		active,
		verify(...one) {
			asked.push(one);
			return verdict;
		},
	};
}

function identifyWith(headers: readonly Header[], passwords: PasswordChecker) {
	const fields = new HeaderFields(
		headers.map(([name]) => name),
		headers.map(([, value]) => value),
	);
	return identify(receivedWith({ fields }), { keys, passwords, now: () => 0 }, DEFAULT_POLICY);
}

const basic = (text: string | Buffer): Header => ["authorization", `Basic ${Buffer.from(text).toString("base64")}`];

for (const [when, headers, reason] of [
	["a password comes with another key", [basic("alice:secret"), ["x-api-key", GOOD_KEY]], "credential-ambiguous"],
	["the same text stands as a key beside it", [basic("alice:secret"), ["x-api-key", "secret"]], "credential-ambiguous"],
	["two users have the same password", [basic("alice:secret"), basic("bob:secret")], "credential-ambiguous"],
	["the password comes as a bearer token", [["authorization", "Bearer secret"]], "credential-malformed"],
	["the text is not UTF-8", [basic(Buffer.from("alice:gr\u00fc\u00dfe", "latin1"))], "credential-malformed"],
	["there is a control character in it", [basic("alice:sec\u0000ret")], "credential-malformed"],
	["there is no colon", [basic("alice")], "credential-malformed"],
	["a wrong key is the password", [basic("alice:rmp_live_wrong")], "credential-malformed"],
] as const) {
	test(`refuses without asking for the password when ${when}`, () => {
		const asked: Asked[] = [];
		const decision = identifyWith(headers, checkerOf(asked));
		assert.ok(!(decision instanceof Promise));
		assert.equal(decision.permitted ? "permitted" : decision.reason, reason);
		assert.deepEqual(asked, []);
	});
}

test("what the checker refuses is refused, with its reason, detail and time", () => {
	const decision = identifyWith(
		[basic("alice:secret")],
		checkerOf([], { refused: "password-attempts-exceeded", detail: "d", retryAfterMs: 4_000 }),
	);
	assert.deepEqual(decision, { permitted: false, reason: "password-attempts-exceeded", detail: "d", retryAfterMs: 4_000 });
});

test("asks for user, password and the caller's address; the first colon splits", () => {
	const asked: Asked[] = [];
	const decision = identifyWith([basic("alice:se:cret grüße")], checkerOf(asked));
	assert.ok(!(decision instanceof Promise) && decision.permitted);
	assert.equal(decision.value.principal, ALICE);
	assert.deepEqual(asked, [["alice", "se:cret grüße", "192.0.2.1"]]);
});

test("the same credentials sent twice are one", () => {
	const asked: Asked[] = [];
	const decision = identifyWith([basic("alice:secret"), basic("alice:secret")], checkerOf(asked));
	assert.ok(!(decision instanceof Promise) && decision.permitted);
	assert.equal(asked.length, 1);
});

for (const active of [true, false]) {
	test(`a key as the password is a key, whoever the user, with passwords ${active ? "on" : "off"}`, () => {
		const asked: Asked[] = [];
		for (const user of ["alice", "anybody", ""]) {
			const decision = identifyWith(
				[basic(`${user}:${GOOD_KEY}`), ["x-api-key", GOOD_KEY]],
				checkerOf(asked, { principal: ALICE }, active),
			);
			assert.ok(!(decision instanceof Promise) && decision.permitted);
			assert.equal(decision.value.principal, KEY);
		}
		assert.deepEqual(asked, []);
	});
}

test("with passwords off, a user's name is of no matter and nobody is asked", () => {
	const asked: Asked[] = [];
	const decision = identifyWith([basic("alice:secret")], checkerOf(asked, { principal: ALICE }, false));
	assert.ok(!(decision instanceof Promise) && !decision.permitted);
	assert.deepEqual(asked, []);
});

test("a caller who leaves while a check waits gives it up, and one who stays does not", async () => {
	for (const leaves of [true, false]) {
		let givenUp = 0;
		const { promise, resolve } = Promise.withResolvers<PasswordVerdict>();
		const passwords: PasswordChecker = { active: true, verify: () => ({ verdict: promise, giveUp: () => void (givenUp += 1) }) };
		const received = receivedWith({ fields: new HeaderFields(["authorization"], [basic("alice:secret")[1]]) });
		const caller = callerOf(received.head, {});
		const deciding = identify({ ...received, caller }, { keys, passwords, now: () => 0 }, DEFAULT_POLICY);
		assert.ok(deciding instanceof Promise);
		if (leaves) caller.leave();
		resolve({ principal: ALICE });
		const decision = await deciding;
		assert.ok(decision.permitted);
		assert.equal(caller.departureListener, null);
		caller.leave();
		assert.equal(givenUp, leaves ? 1 : 0);
	}
});

test("a check that could not be made is a fault, never a permit", async () => {
	const passwords: PasswordChecker = {
		active: true,
		verify: () => ({ verdict: Promise.reject(new Error("the thread died")), giveUp: () => undefined }),
	};
	await assert.rejects(async () => identifyWith([basic("alice:secret")], passwords), /the thread died/);
});

test("whatever the field holds, what is asked for is what a strict reader finds in it", () => {
	fc.assert(
		fc.property(
			fc.string({ unit: "grapheme", maxLength: 40, size: "max" }),
			fc.string({ unit: "grapheme", maxLength: 40, size: "max" }),
			(user, password) => {
				const asked: Asked[] = [];
				void identifyWith([basic(`${user}:${password}`)], checkerOf(asked));
				const text = `${user}:${password}`;
				const strict = !/\p{Cc}/u.test(text) && text.isWellFormed();
				const [first = "", ...rest] = text.split(":");
				const expected = strict && !rest.join(":").startsWith("rmp_") ? [[first, rest.join(":"), "192.0.2.1"]] : [];
				if (text.isWellFormed()) assert.deepEqual(asked, expected);
			},
		),
	);
});
