import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

import { StateFiles } from "./state-files.ts";

/** As many complaints as a person reads. */
const COMPLAINTS_MAX = 5;

/**
 * What SQLite finds wrong with the key store of a state directory: nothing, or a sentence for each place. Null where there is none.
 * Reads only, over a connection of its own, so it works beside a running server.
 */
export function checkKeys(directory: string): readonly string[] | null {
	const { keys } = new StateFiles(directory);
	if (!existsSync(keys)) return null;
	let database: DatabaseSync | null = null;
	try {
		database = new DatabaseSync(keys, { readOnly: true, timeout: 2_000 });
		const found = database
			.prepare(`PRAGMA integrity_check(${COMPLAINTS_MAX})`)
			.all()
			.map((row) => String(row["integrity_check"]));
		return found.join() === "ok" ? [] : found;
	} catch (cause) {
		// Damage so great that SQLite gives up is a finding like any other.
		return [cause instanceof Error ? cause.message : String(cause)];
	} finally {
		database?.close();
	}
}
