/** What earlier versions of this program wrote is read as it was meant. */
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";

import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { KeyDatabase } from "./key-database.ts";

test("keys and principals from before there were groups are in none", (t) => {
	const file = join(temporaryDirectory(t), "keys.db");
	const before = new DatabaseSync(file);
	before.exec(`
		CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;
		INSERT INTO migrations VALUES (1, 'keys', 0), (2, 'principals', 0);
		CREATE TABLE keys (
			id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, models TEXT, created_at INTEGER NOT NULL, expires_at INTEGER,
			revoked_at INTEGER, secrets TEXT NOT NULL
		) STRICT;
		CREATE TABLE principals (
			id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, models TEXT, created_at INTEGER NOT NULL, expires_at INTEGER,
			revoked_at INTEGER, credential TEXT NOT NULL
		) STRICT;
		INSERT INTO keys VALUES ('ab12cd34', 'laptop', 'user', '["a"]', 1, NULL, NULL, '[]');
		INSERT INTO principals VALUES ('prn_ab12cd34', 'ada', 'user', NULL, 1, NULL, NULL, '{"kind":"ollama-key","publicKey":"x"}');
	`);
	before.close();
	chmodSync(file, 0o600);
	const database = new KeyDatabase(file, 1);
	const [key] = database.all();
	const [principal] = database.principals.all();
	assert.deepEqual([key?.models, key?.groups], [["a"], []]);
	assert.deepEqual([principal?.models, principal?.groups], [null, []]);
	database.close();
});
