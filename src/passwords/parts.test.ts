import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { NO_GROUPS } from "../model/principal.ts";

import { CredentialMemo } from "./credential-memo.ts";
import { readStoredHash, type StoredHash } from "./hashes/stored-hash.ts";
import { PasswordUsers } from "./password-users.ts";
import { RecallPace } from "./recall-pace.ts";

const PRESENTED = { network: "n", user: "alice", stored: "{SHA}x", password: "secret" };

test("a remembered credential is known until its time is over, for a month more as one that was right, and nothing that differs in one part is", () => {
	const memo = new CredentialMemo();
	const tag = memo.tagOf(PRESENTED);
	memo.add(tag, 0, 1000);
	const monthLater = 1000 + 30 * 86_400_000;
	assert.deepEqual(
		[999, 1000, monthLater - 1, monthLater, 0].map((now) => memo.recall(tag, now)),
		["fresh", "stale", "stale", "unknown", "unknown"],
	);
	const others = (["network", "user", "stored", "password"] as const).map((part) => memo.tagOf({ ...PRESENTED, [part]: "other" }));
	assert.equal(new Set([tag, ...others]).size, 5);
	assert.notEqual(new CredentialMemo().tagOf(PRESENTED), tag, "the key is this memo's own");
	assert.ok(!tag.includes("secret"));
});

test("what stands for a credential is HMAC-SHA-256, whatever its length", () => {
	const key = new Uint8Array(32).fill(7);
	const memo = new CredentialMemo(1, key);
	fc.assert(
		fc.property(
			fc.string({ unit: "grapheme", maxLength: 700, size: "max" }).filter((text) => text.isWellFormed()),
			(password) => {
				const expected = createHmac("sha256", key).update(`n\nalice\n{SHA}x\n${password}`).digest("base64");
				assert.equal(memo.tagOf({ ...PRESENTED, password }), expected);
			},
		),
	);
});

test("nothing is remembered for no time, and beyond the bound the one not used for longest goes", () => {
	const memo = new CredentialMemo(2);
	memo.add("a", 0, 0);
	assert.equal(memo.size, 0);
	for (const tag of ["a", "b"]) memo.add(tag, 0, 1000);
	assert.equal(memo.recall("a", 1), "fresh");
	memo.add("c", 1, 1000);
	assert.deepEqual(
		["a", "b", "c"].map((tag) => memo.recall(tag, 2)),
		["fresh", "unknown", "fresh"],
	);
});

test("a thousand wrong looks are free; after that each owes a turn of its own, whoever leaves, and turns are paid five a second", () => {
	const pace = new RecallPace();
	for (let guess = 0; guess < 2000; guess += 1) assert.equal(pace.missed("nobody", 0), 0, "there is nothing to guess at");
	pace.begin("alice");
	for (let guess = 0; guess < 1000; guess += 1) assert.equal(pace.missed("alice", 0), 0);
	assert.deepEqual([pace.missed("alice", 0), pace.missed("alice", 0), pace.missed("alice", 0)], [200, 400, 600]);
	assert.equal(pace.missed("alice", 600), 200);
	assert.equal(pace.closedFor("alice", 600), 0, "who is right is looked at");
});

test("nobody is looked at while 128 turns are owed, and at once when one is paid, however often somebody asked meanwhile", () => {
	const pace = new RecallPace();
	pace.begin("alice");
	for (let guess = 0; guess < 1127; guess += 1) pace.missed("alice", 0);
	assert.equal(pace.closedFor("alice", 0), 0);
	pace.missed("alice", 0);
	for (let times = 0; times < 1000; times += 1) assert.equal(pace.closedFor("alice", 0), 200);
	assert.deepEqual([pace.closedFor("alice", 199), pace.closedFor("alice", 200), pace.closedFor("bob", 0)], [1, 0, 0]);
});

function usersOf(
	lines: Readonly<Record<string, string>>,
	before: PasswordUsers | null = null,
	roles: Readonly<Record<string, string>> = {},
) {
	const stored = new Map<string, StoredHash>();
	for (const [name, text] of Object.entries(lines)) {
		const reading = readStoredHash(text);
		assert.ok(!("refused" in reading));
		stored.set(name, reading);
	}
	const groups = new Map([
		["staff", new Set(["alice", "bob"])],
		["ops", new Set(["alice"])],
	]);
	const rules = {
		role: "user",
		roles: new Map(Object.entries(roles)),
		groupRoles: [
			["ops", "operator"],
			["staff", "reader"],
		] as const,
	};
	return new PasswordUsers(stored, groups, rules, before);
}

const LINES = { alice: "{PLAIN}a", bob: "{PLAIN}b", carol: "{PLAIN}c", dave: "{PLAIN}d" };

test("a user's own role goes before the groups', the first group before the second, and the role of all comes last", () => {
	const users = usersOf(LINES, null, { carol: "admin" });
	assert.deepEqual(
		["alice", "bob", "carol", "dave"].map((name) => users.find(name)?.principal.role),
		["operator", "reader", "admin", "user"],
	);
	assert.deepEqual(users.find("dave")?.principal, {
		kind: "htpasswd",
		id: "htpasswd:dave",
		name: "dave",
		role: "user",
		models: null,
		groups: NO_GROUPS,
	});
});

test("an id is ASCII, and no two names have one", () => {
	const users = usersOf({ "zo\u00eb": "{PLAIN}a", "zo%C3%AB": "{PLAIN}b", "\u{1f511}": "{PLAIN}c" });
	assert.deepEqual(
		["zo\u00eb", "zo%C3%AB", "\u{1f511}"].map((name) => users.find(name)?.principal.id),
		["htpasswd:zo%C3%AB", "htpasswd:zo%25C3%25AB", "htpasswd:%F0%9F%94%91"],
	);
});

test("a principal is the same object after a reload as long as its role is the same, whatever its password", () => {
	const before = usersOf(LINES);
	const after = usersOf({ ...LINES, alice: "{PLAIN}new" }, before, { bob: "admin" });
	assert.equal(after.find("alice")?.principal, before.find("alice")?.principal);
	assert.notEqual(after.find("bob")?.principal, before.find("bob")?.principal);
});

test("who stands in a file no more is named, and so is everyone where there is no file any more", () => {
	const before = usersOf(LINES);
	assert.deepEqual(before.missingFrom(usersOf({ alice: "{PLAIN}a", zoe: "{PLAIN}z" })), [
		"htpasswd:bob",
		"htpasswd:carol",
		"htpasswd:dave",
	]);
	assert.equal(before.missingFrom(null).length, 4);
});

test("who does not exist is given the line of some user, always the same for a name, and over a reload", () => {
	const before = usersOf(LINES);
	const names = Array.from({ length: 100 }, (_, n) => `nobody${n}`);
	const given = names.map((name) => before.standInFor(name));
	assert.equal(new Set(given).size, 4, "each user's line serves some of them");
	const after = usersOf(LINES, before);
	assert.deepEqual(
		names.map((name) => after.standInFor(name)),
		given,
	);
	assert.equal(usersOf({}).standInFor("nobody"), null);
});

test("a name that objects have by birth is nobody's", () => {
	for (const name of ["constructor", "__proto__", "toString"]) assert.equal(usersOf(LINES).find(name), null);
});
