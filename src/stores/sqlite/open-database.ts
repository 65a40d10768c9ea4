/**
 * Opens a SQLite file for durable writing.
 *
 *  - WAL with `synchronous=FULL`: a commit that returned survives the death of the process and the loss of power.
 *  - What SQLite itself can find wrong is found on opening, not in the middle of a request.
 */
import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { HintedError } from "../../std/hinted-error.ts";

import { ensurePrivateFile } from "../secret-file.ts";
import { type Migration, migrate } from "./migrations.ts";

/** The check reads the whole file, so beyond this size start-up would wait for it. */
const CHECKED_UP_TO_BYTES = 64 * 1024 * 1024;
/** How long to wait for another process's lock, such as that of a backup. */
const BUSY_TIMEOUT_MS = 5_000;

export function openDatabase(file: string, migrations: readonly Migration[], now: number): DatabaseSync {
	ensurePrivateFile(file);
	const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
	try {
		// Definitions inside the file may not call anything with a side effect: whoever altered the file may have written them.
		database.exec("PRAGMA trusted_schema = OFF; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
		if (statSync(file).size <= CHECKED_UP_TO_BYTES) assertSound(database, file);
		migrate(database, migrations, now);
		return database;
	} catch (cause) {
		database.close();
		throw isDamage(cause) ? damaged(file, cause) : cause;
	}
}

function assertSound(database: DatabaseSync, file: string): void {
	const finding = database.prepare("PRAGMA quick_check(1)").get()?.["quick_check"];
	if (finding !== "ok") throw damaged(file, new Error(String(finding)));
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
function isDamage(cause: unknown): boolean {
	return cause instanceof Error && "errcode" in cause && typeof cause.errcode === "number" && [11, 26].includes(cause.errcode & 0xff);
}

function damaged(file: string, cause: unknown): HintedError {
	const why = cause instanceof Error ? cause.message : String(cause);
	return new HintedError(`${file} is damaged: ${why}`, "keep a copy as evidence, then restore the file from a backup or move it away", {
		cause,
	});
}
