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

function newFile(context: TestContext): string {
	return join(temporaryDirectory(context), "budgets.db");
}

const OPEN = {
	request: "r",
	begun: true,
	facts: { principal: "ada", kind: "api-key", role: "user", groups: [], model: null, peer: "192.0.2.1" },
	charge: { inputTokens: 1, outputTokens: 2, gpuUs: 3, nanos: 4 },
};

for (const [what, damage] of [
	["a request that says nothing of itself", `INSERT INTO open VALUES (1, '{"request":"r","begun":true}')`],
	["a request without what it holds", `INSERT INTO open VALUES (1, '${JSON.stringify({ ...OPEN, charge: { nanos: 0 } })}')`],
	[
		"a request of groups that are none",
		`INSERT INTO open VALUES (1, '${JSON.stringify({ ...OPEN, facts: { ...OPEN.facts, groups: [1] } })}')`,
	],
	["numbers of seven bytes", "INSERT INTO records VALUES (2, 1, x'61', x'00000000000000')"],
] as const) {
	test(`refuses ${what}`, (context) => {
		const file = newFile(context);
		const database = opened(file, context);
		saved(database, 1, 1, "ada");
		assert.ok(database.load() !== null);
		const other = new DatabaseSync(file);
		other.exec(damage);
		other.close();
		assert.throws(() => database.load(), /column (numbers|body) (is|does) not/);
	});
}

function numbersOf(name: string): Float64Array<ArrayBuffer> {
	return Float64Array.of(0, 0, name.length, 0, 0);
}

const EMPTY = { seq: 8, at: 5, definitions: [], open: [] };

function saved(database: BudgetDatabase, save: number, keepFrom: number, ...names: string[]): void {
	const records = names.map((name) => ({ names: name, numbers: numbersOf(name) }));
	for (const _step of database.save({ ...EMPTY, save, keepFrom, records }));
}

test("what was saved before any release is left behind, and budgets begin anew", (context) => {
	const database = opened(oldFile(context), context);
	assert.equal(database.load(), null);
	saved(database, 1, 1, "bob");
	saved(database, 2, 1, "eve");
	assert.deepEqual(
		database.load()?.records.map(({ names }) => names),
		["bob", "eve"],
	);
	saved(database, 3, 3, "ada");
	assert.deepEqual(database.load()?.records, [{ names: "ada", numbers: numbersOf("ada") }]);
});

test("a save that was left in the middle has changed nothing, and the next one is whole", (context) => {
	const database = opened(newFile(context), context);
	saved(database, 1, 1, "ada");
	const before = database.load();
	const records = ["bob", "eve"].map((names) => ({ names, numbers: numbersOf(names) }));
	const broken = database.save({ ...EMPTY, seq: 99, save: 2, keepFrom: 2, records });
	broken.next();
	broken.next();
	broken.return();
	assert.deepEqual(database.load(), before);
	saved(database, 3, 1, "bob");
	assert.deepEqual(
		database.load()?.records.map(({ names }) => names),
		["ada", "bob"],
	);
});
