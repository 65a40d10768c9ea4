import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";

import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { BudgetDatabase } from "./budget-database.ts";

/** A file of schema 1, which had a row for each counter. */
function oldFile(context: TestContext): string {
	const file = join(temporaryDirectory(context), "budgets.db");
	const database = new DatabaseSync(file);
	database.exec(`
		CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;
		INSERT INTO migrations VALUES (1, 'budgets', 0);
		CREATE TABLE saved (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
		CREATE TABLE definitions (position INTEGER PRIMARY KEY, budget TEXT NOT NULL UNIQUE, definition TEXT NOT NULL) STRICT;
		CREATE TABLE counters (
			budget TEXT NOT NULL, subject TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (budget, subject)
		) STRICT, WITHOUT ROWID;
		CREATE TABLE open (position INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
		INSERT INTO saved VALUES (1, 7, 1000);
		INSERT INTO definitions VALUES (1, 'daily', '["key","tokens"]'), (2, 'now', '["key","concurrent"]'), (3, 'house', '["everyone","money"]');
		INSERT INTO counters VALUES ('daily', 'ada', '[1764000000000,12.5]'), ('now', 'ada', '[]'), ('house', '', '[5,6]'), ('gone', 'ada', '[1]');
	`);
	database.close();
	chmodSync(file, 0o600);
	return file;
}

function opened(file: string, context: TestContext): BudgetDatabase {
	const database = new BudgetDatabase(file, 0);
	context.after(() => database.close());
	return database;
}

for (const [what, row] of [
	["a scope that is none", "('planet', 'ada', '[0,1,5]')"],
	["a state that is no list", "('key', 'bob', '{}')"],
	["a state of something else than numbers", "('key', 'bob', '[0,1,\"5\"]')"],
	["a state that ends too early", "('key', 'bob', '[0,2,5]')"],
	["a state that would be read for ever", "('key', 'bob', '[0,-2]')"],
] as const) {
	test(`refuses ${what}`, (context) => {
		const file = oldFile(context);
		const database = opened(file, context);
		assert.ok(database.load() !== null);
		const other = new DatabaseSync(file);
		other.exec(`INSERT INTO subjects VALUES ${row}`);
		other.close();
		assert.throws(() => database.load(), /column (scope|state) is not/);
	});
}

test("what was counted in a file of schema 1 goes on counting", (context) => {
	assert.deepEqual(opened(oldFile(context), context).load()?.subjects, [
		{ scope: "everyone", subject: "", state: [2, 2, 5, 6] },
		{ scope: "key", subject: "ada", state: [0, 2, 1_764_000_000_000, 12.5, 1, 0] },
	]);
});
