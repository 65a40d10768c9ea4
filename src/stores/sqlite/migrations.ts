/**
 * Brings a database to the schema that this program speaks, one numbered step at a time, each in its own transaction.
 *
 *  - The steps taken stand in the table `migrations`, in the file itself.
 *  - A file that a newer program has changed is refused: writing to what one does not understand would be the end of it.
 */
import type { DatabaseSync } from "node:sqlite";

import { HintedError } from "../../std/hinted-error.ts";

import { integerIn } from "./row.ts";

export interface Migration {
	/** From 1, without gaps. A step that was published never changes again. */
	readonly version: number;
	readonly name: string;
	readonly sql: string;
}

export function migrate(database: DatabaseSync, migrations: readonly Migration[], now: number): void {
	database.exec(
		"CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
	);
	const row = database.prepare("SELECT coalesce(max(version), 0) AS version FROM migrations").get() ?? {};
	const version = integerIn(row, "version");
	const newest = migrations.at(-1)?.version ?? 0;
	if (version > newest) {
		throw new HintedError(
			`${database.location() ?? "the database"} has schema ${version}, this program knows ${newest}`,
			"run the newer Rempart that wrote it",
		);
	}
	for (const migration of migrations.slice(version)) {
		database.exec("BEGIN IMMEDIATE");
		try {
			database.exec(migration.sql);
			database
				.prepare("INSERT INTO migrations (version, name, applied_at) VALUES (?, ?, ?)")
				.run(migration.version, migration.name, Math.trunc(now));
			database.exec("COMMIT");
		} catch (cause) {
			if (database.isTransaction) database.exec("ROLLBACK");
			throw cause;
		}
	}
}
