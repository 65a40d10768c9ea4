import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { DeviceCodes } from "./device-codes.ts";
import { HandedCodes } from "./handed-codes.ts";
import { Seal } from "./seal.ts";
import type { Session } from "./sessions.ts";

const session = (person: string): Session => ({
	id: person,
	person: { id: person, name: person, subject: person, role: "viewer" },
	way: "browser",
	csrf: "c",
	idToken: null,
	createdAt: 0,
	lastUsedAt: 0,
});
const verifier = "v".repeat(43);
const challenge = createHash("sha256").update(verifier).digest("base64url");
const redirectUri = "http://127.0.0.1:9/callback";

test("a code is good once, for a minute, with its secret, for where it was asked from", () => {
	const clock = { now: 0 };
	const codes = new HandedCodes(() => clock.now);
	const issue = (): string => codes.issue(session("a"), { redirectUri, challenge });
	assert.equal(codes.redeem({ code: "guessed", verifier, redirectUri }), null);
	assert.equal(codes.redeem({ code: issue(), verifier: "w".repeat(43), redirectUri }), null);
	assert.equal(codes.redeem({ code: issue(), verifier: challenge, redirectUri }), null);
	assert.equal(codes.redeem({ code: issue(), verifier, redirectUri: "http://127.0.0.1:10/callback" }), null);
	const code = issue();
	assert.equal(codes.redeem({ code, verifier, redirectUri })?.id, "a");
	assert.equal(codes.redeem({ code, verifier, redirectUri }), null);
	const late = issue();
	clock.now += 60_000;
	assert.equal(codes.redeem({ code: late, verifier, redirectUri }), null);
});

test("strangers who ask for device codes fill no memory; some minutes later there is room again", () => {
	const clock = { now: 1 };
	const devices = new DeviceCodes(() => clock.now);
	let given = 0;
	while (devices.begin() !== null) given += 1;
	assert.equal(given, 200);
	clock.now += 600_000;
	assert.notEqual(devices.begin(), null);
});

test("a device code is pending, then answered once, then nothing", () => {
	const devices = new DeviceCodes(() => 1);
	const code = devices.begin();
	assert.ok(code !== null);
	assert.equal(devices.outcome("guessed").outcome, "unknown");
	assert.equal(devices.outcome(code.deviceCode).outcome, "pending");
	assert.equal(devices.outcome(code.userCode).outcome, "unknown", "the short one fetches nothing");
	assert.equal(devices.answer(code.userCode, session("a"), true), true);
	assert.equal(devices.answer(code.userCode, session("b"), true), false, "nobody takes over what somebody said");
	assert.equal(devices.outcome(code.deviceCode).outcome, "approved");
	assert.equal(devices.outcome(code.deviceCode).outcome, "unknown");
});

test("whoever types wrong codes may soon type none at all, and others may", () => {
	const clock = { now: 1_000_000 };
	const devices = new DeviceCodes(() => clock.now);
	const code = devices.begin();
	assert.ok(code !== null);
	for (let attempt = 0; attempt < 10; attempt++) assert.equal(devices.answer("BBBB-BBBB", session("guesser"), true), false);
	assert.equal(devices.answer(code.userCode, session("guesser"), true), false);
	assert.equal(devices.answer(code.userCode, session("other"), true), true);
});

test("what was sealed opens unchanged, here and nowhere else", () => {
	const seal = new Seal();
	const sealed = seal.close({ a: 1 });
	assert.deepEqual(seal.open(sealed), { a: 1 });
	assert.equal(new Seal().open(sealed), null);
	for (let at = 0; at < sealed.length; at += 7) {
		const changed = `${sealed.slice(0, at)}${sealed[at] === "A" ? "B" : "A"}${sealed.slice(at + 1)}`;
		assert.equal(seal.open(changed), null, String(at));
	}
	for (const junk of ["", "x", "A".repeat(10_000)]) assert.equal(seal.open(junk), null);
});
