import assert from "node:assert/strict";
import { unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { temporaryDirectory } from "../../test/support/temporary-directory.ts";
import type { HtpasswdConfig } from "../config/htpasswd.ts";
import type { Event } from "../model/event.ts";
import { Secret } from "../std/secret.ts";

import { Passwords } from "./passwords.ts";

const ALICE = "alice:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n";
const BOB = "bob:{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=\n";
const NEVER_MS = 2 ** 31 - 1;

/** Looks at the file only when the test does. */
async function startPasswords(context: TestContext, text: string) {
	const folder = temporaryDirectory(context);
	const file = join(folder, "users");
	writeFileSync(file, text, { mode: 0o600 });
	const events: Event[] = [];
	const removed: string[] = [];
	const passwords = new Passwords({
		stateDirectory: folder,
		pepper: new Secret("00".repeat(32)),
		now: Date.now,
		monotonic: () => performance.now(),
		record: (event) => void events.push(event),
		onRemoved: (principal) => void removed.push(principal),
		lookMs: NEVER_MS,
	});
	context.after(() => passwords.close());
	const spec: HtpasswdConfig = { file, role: "user", roles: new Map(), groups: null, groupRoles: [], rememberMs: 0 };
	(await passwords.prepare(spec, () => true))();
	const users = (): readonly string[] => ["alice", "bob"].filter((name) => (passwords.desk.users?.find(name) ?? null) !== null);
	const types = (): readonly string[] => events.map(({ type }) => type);
	return { passwords, file, spec, users, types, removed };
}

test("a changed file counts with the second look that sees the same, not while it is being written", async (context) => {
	const { passwords, file, users, removed } = await startPasswords(context, ALICE);
	writeFileSync(file, "");
	await passwords.look();
	assert.deepEqual(users(), ["alice"], "htpasswd has emptied the file and not yet written it");
	writeFileSync(file, `${ALICE}${BOB}`);
	await passwords.look();
	assert.deepEqual(users(), ["alice"]);
	await passwords.look();
	assert.deepEqual(users(), ["alice", "bob"]);
	assert.deepEqual(removed, []);
});

test("a file that was touched and not changed is no change, and one that is refused is told once", async (context) => {
	const { passwords, file, users, types } = await startPasswords(context, ALICE);
	utimesSync(file, 1, 1);
	for (let look = 0; look < 3; look += 1) await passwords.look();
	assert.deepEqual(types(), ["passwords-loaded"]);
	writeFileSync(file, "alice:hunter2\n");
	for (let look = 0; look < 4; look += 1) await passwords.look();
	assert.deepEqual(types(), ["passwords-loaded", "passwords-rejected"]);
	unlinkSync(file);
	for (let look = 0; look < 4; look += 1) await passwords.look();
	assert.deepEqual(types(), ["passwords-loaded", "passwords-rejected", "passwords-rejected"]);
	assert.deepEqual(users(), ["alice"], "the users before it stay in force");
	writeFileSync(file, BOB);
	for (let look = 0; look < 2; look += 1) await passwords.look();
	assert.deepEqual(users(), ["bob"]);
});

test("a changed group file changes roles, and nobody has to sign in again for it", async (context) => {
	const { passwords, file, spec, types } = await startPasswords(context, ALICE);
	const groups = `${file}.groups`;
	writeFileSync(groups, "ops: bob\n");
	(await passwords.prepare({ ...spec, groups, groupRoles: [["ops", "operator"]] }, () => true))();
	assert.equal(passwords.desk.users?.find("alice")?.principal.role, "user");
	writeFileSync(groups, "ops: bob alice\n");
	for (let look = 0; look < 2; look += 1) await passwords.look();
	assert.equal(passwords.desk.users?.find("alice")?.principal.role, "operator");
	writeFileSync(groups, "no group\n");
	for (let look = 0; look < 2; look += 1) await passwords.look();
	assert.equal(types().at(-1), "passwords-rejected");
	assert.equal(passwords.desk.users?.find("alice")?.principal.role, "operator");
});

test("users who are gone are named, and with passwords switched off all of them are", async (context) => {
	const { passwords, file, spec, removed } = await startPasswords(context, `${ALICE}${BOB}`);
	writeFileSync(file, BOB);
	(await passwords.prepare(spec, () => true))();
	assert.deepEqual(removed, ["htpasswd:alice"]);
	(await passwords.prepare(null, () => true))();
	assert.deepEqual(removed, ["htpasswd:alice", "htpasswd:bob"]);
	assert.equal(passwords.desk.active, false);
	await passwords.look();
});

test("what is prepared and not put in force changes nothing", async (context) => {
	const { passwords, file, spec, users, types } = await startPasswords(context, ALICE);
	writeFileSync(file, BOB);
	await passwords.prepare(spec, () => true);
	assert.deepEqual(users(), ["alice"]);
	await assert.rejects(
		passwords.prepare({ ...spec, roles: new Map([["bob", "nosuch"]]) }, (role) => role !== "nosuch"),
		/no role nosuch/,
	);
	assert.deepEqual(types(), ["passwords-loaded"]);
});
