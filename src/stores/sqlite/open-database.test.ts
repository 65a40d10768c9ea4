import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";

import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import type { Migration } from "./migrations.ts";
import { openDatabase } from "./open-database.ts";

const FIRST: Migration = {
	version: 1,
	name: "things",
	sql: "CREATE TABLE things (name TEXT NOT NULL) STRICT; INSERT INTO things VALUES ('one')",
};
const SECOND: Migration = { version: 2, name: "sizes", sql: "ALTER TABLE things ADD COLUMN size INTEGER" };
const BROKEN: Migration = {
	version: 3,
	name: "broken",
	sql: "ALTER TABLE things ADD COLUMN colour TEXT; INSERT INTO no_such_table VALUES (1)",
};

function fileIn(context: TestContext): string {
	return join(temporaryDirectory(context), "things.db");
}

function versionsIn(database: DatabaseSync): unknown[] {
	return database.prepare("SELECT version, name, applied_at FROM migrations ORDER BY version").all().map(Object.values);
}

test("undoes a migration that fails in the middle, and keeps those before it", (context) => {
	const file = fileIn(context);
	assert.throws(() => openDatabase(file, [FIRST, SECOND, BROKEN], 5), /no_such_table/);
	const database = openDatabase(file, [FIRST, SECOND], 6);
	assert.deepEqual(versionsIn(database), [
		[1, "things", 5],
		[2, "sizes", 5],
	]);
	assert.deepEqual(database.prepare("SELECT * FROM things").all().map(Object.values), [["one", null]]);
	database.close();
});

test("migrates step by step, each once", (context) => {
	const file = fileIn(context);
	openDatabase(file, [FIRST], 5).close();
	openDatabase(file, [FIRST], 6).close();
	const database = openDatabase(file, [FIRST, SECOND], 7);
	assert.deepEqual(versionsIn(database), [
		[1, "things", 5],
		[2, "sizes", 7],
	]);
	database.close();
});

test("writes durably: a commit is synced before it returns", (context) => {
	const database = openDatabase(fileIn(context), [FIRST], 5);
	assert.equal(database.prepare("PRAGMA journal_mode").get()?.["journal_mode"], "wal");
	// 2 is FULL: the WAL is synced at each commit. 1 (NORMAL) would lose the last commits with the power.
	assert.equal(database.prepare("PRAGMA synchronous").get()?.["synchronous"], 2);
	database.close();
});

test("keeps the file, and those that SQLite puts beside it, to its owner", (context) => {
	const file = fileIn(context);
	const database = openDatabase(file, [FIRST], 5);
	const directory = join(file, "..");
	assert.ok(readdirSync(directory).length > 1);
	for (const name of readdirSync(directory)) assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
	database.close();
});
