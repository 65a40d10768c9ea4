/**
 * One server for one state directory: a lock that dies with its holder.
 *
 *  - It is a write transaction on `lock.db`, begun and never ended. SQLite holds it as a kernel file lock, which ends with the process whatever ends
 *    that: no stale lock after `kill -9`, none of the guessing that a file with a process id needs when ids are used again.
 *  - Who holds it stands inside (process id, time), for the message to the second comer. That is information; the lock does not depend on it.
 *  - NOTE: kernel file locks belong to the process and the file. Any other code of this process that opens and closes `lock.db` by itself would drop
 *    the lock, so nothing but this file may touch it. Locks of this kind are not to be relied on across machines (NFS); the state is local.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { Clock } from "../std/clock.ts";
import { HintedError } from "../std/hinted-error.ts";

import { ensurePrivateFile } from "./secret-file.ts";

export interface StateLock {
	release(): void;
}

/** Throws a HintedError that names the holder where another process has the state. */
export function acquireStateLock(directory: string, clock: Clock): StateLock {
	const path = join(directory, "lock.db");
	ensurePrivateFile(path);
	const database = new DatabaseSync(path, { timeout: 0 });
	try {
		database.exec(
			"CREATE TABLE IF NOT EXISTS holder (one INTEGER PRIMARY KEY CHECK (one = 1), process INTEGER NOT NULL, since INTEGER NOT NULL) STRICT",
		);
		database.prepare("INSERT OR REPLACE INTO holder (one, process, since) VALUES (1, ?, ?)").run(process.pid, Math.trunc(clock()));
		// Whoever comes between these two statements wins, and the loser hears it here: one of them has the transaction, not both.
		database.exec("BEGIN IMMEDIATE");
	} catch (cause) {
		const refusal = refusalOf(directory, database, cause);
		database.close();
		throw refusal;
	}
	return { release: () => database.close() };
}

function refusalOf(directory: string, database: DatabaseSync, cause: unknown): HintedError {
	const why = cause instanceof Error ? cause.message : String(cause);
	if (!/locked|busy/.test(why)) {
		return new HintedError(`${join(directory, "lock.db")} cannot be written: ${why}`, "make room, or make the state directory writable", {
			cause,
		});
	}
	const message = `the state in ${directory} is in use by ${holderOf(database)}`;
	return new HintedError(message, "use that server's socket, stop it, or choose another state directory with --state", { cause });
}

function holderOf(database: DatabaseSync): string {
	try {
		const process = database.prepare("SELECT process FROM holder").get()?.["process"];
		return process === undefined ? "another process" : `process ${String(process)}`;
	} catch {
		// Only the message is the poorer for it.
		return "another process";
	}
}
