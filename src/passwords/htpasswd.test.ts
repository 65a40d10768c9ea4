import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { readGroupFile } from "./group-file.ts";
import { readHtpasswd } from "./htpasswd.ts";

const BCRYPT = "$2y$10$9Gg1ynZwe74s/5DXsKKnje0Ssv0PrxLhseiJn5cOoyo8SE1iMT8se";
const SHA = "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=";

const refusals: readonly (readonly [what: string, text: string, problem: RegExp])[] = [
	["a line without a colon", `alice:${BCRYPT}\nhunter2\n`, /^line 2: there is no colon/],
	["no user before the colon", `:${BCRYPT}`, /^line 1: the user's name is empty/],
	["a space in a name", `al ice:${BCRYPT}`, /^line 1: the user's name/],
	["a control character in a name", `al\u0007ice:${BCRYPT}`, /^line 1: the user's name/],
	["a name that is too long", `${"a".repeat(129)}:${BCRYPT}`, /^line 1: the user's name/],
	["a user twice", `alice:${BCRYPT}\nbob:${BCRYPT}\nalice:${SHA}`, /^line 3: alice stands there twice/],
	["a user twice in two spellings of one letter", `z\u00fc:${BCRYPT}\nzu\u0308:${SHA}`, /^line 2: zü stands there twice/],
	["DES crypt", "judy:Ax8LOGF4SAHoU", /^line 1: judy: it names no kind of hash/],
	["plain text that is not marked", "judy:hunter2", /^line 1: judy: it names no kind of hash/],
	["no hash", "judy:", /^line 1: judy: it names no kind of hash/],
];

for (const [what, text, problem] of refusals) {
	test(`refuses the whole file for ${what}`, () => {
		const reading = readHtpasswd(text);
		assert.ok("problems" in reading);
		assert.match(reading.problems[0] ?? "", problem);
		assert.ok(!reading.problems.join().includes("hunter2") && !reading.problems.join().includes("Ax8LOGF4SAHoU"));
	});
}

test("says a number of mistakes, and how many more there are", () => {
	const reading = readHtpasswd(Array.from({ length: 50 }, (_, at) => `u${at}:x`).join("\n"));
	assert.ok("problems" in reading);
	assert.equal(reading.problems.length, 21);
	assert.equal(reading.problems.at(-1), "and 30 more");
});

test("reads users, passing over comments, empty lines, byte order mark, line ends of Windows and what follows a second colon", () => {
	const reading = readHtpasswd(`\uFEFF# users\r\nalice:${BCRYPT}\r\n\r\nbob:${BCRYPT}:a comment\nzoë@example.org:${BCRYPT}`);
	assert.ok("users" in reading);
	assert.deepEqual([...reading.users.keys()], ["alice", "bob", "zoë@example.org"]);
	assert.deepEqual(new Set([...reading.users.values()].map(({ text }) => text)), new Set([BCRYPT]));
	assert.deepEqual(reading.findings, []);
});

test("a marked password in plain text keeps its colons, and is a finding that does not repeat it", () => {
	const reading = readHtpasswd("alice:{PLAIN}a:b");
	assert.ok("users" in reading);
	const alice = reading.users.get("alice");
	assert.ok(alice?.scheme === "plain");
	assert.equal(alice.password, "a:b");
	assert.deepEqual(reading.findings, ["alice: the password stands there in plain text"]);
});

test("what is quick to guess is a finding, and so is a file without users", () => {
	const weak = readHtpasswd(`alice:${BCRYPT}\nbob:${SHA}`);
	assert.ok("users" in weak);
	assert.deepEqual(weak.findings, ["bob: SHA-1 without salt is quick to guess once the file is read by others"]);
	const empty = readHtpasswd("");
	assert.ok("users" in empty);
	assert.deepEqual(empty.findings, ["there is no user in it"]);
});

test("groups: members of several lines are taken together", () => {
	const reading = readGroupFile("# groups\nops: alice bob\r\nguests:carol\nops:  dave\nnobody:\n");
	assert.ok("groups" in reading);
	assert.deepEqual([...(reading.groups.get("ops") ?? [])], ["alice", "bob", "dave"]);
	assert.deepEqual([...(reading.groups.get("guests") ?? [])], ["carol"]);
	assert.equal(reading.groups.get("nobody")?.size, 0);
});

test("groups: a line that is none refuses the file", () => {
	assert.deepEqual(readGroupFile("ops alice\nok: a\nbad: a\u0000b\n"), {
		problems: ['line 1: there is no "name:" before the users', "line 3: a user of bad is not a user's name"],
	});
});

test("no text makes either reader throw", () => {
	const part = fc.constantFrom(":", "\n", "\r\n", "alice", BCRYPT, SHA, "{PLAIN}", "#", " ", "\uFEFF");
	fc.assert(
		fc.property(
			fc.array(fc.oneof(part, fc.string({ maxLength: 20, size: "max", unit: "binary" })), { maxLength: 20, size: "max" }),
			(parts) => {
				readHtpasswd(parts.join(""));
				readGroupFile(parts.join(""));
			},
		),
	);
});
