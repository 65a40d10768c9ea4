import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { defineCheck, fail, ok, skipped } from "./check.ts";

export const keyStore = defineCheck({
	id: "key-store",
	title: "key store",
	examine({ stateDirectory }) {
		const file = join(stateDirectory, "keys.db");
		if (!existsSync(file)) return [skipped("there is none yet")];
		// Over a connection of its own that can only read: a running server goes on beside it.
		const database = new DatabaseSync(file, { readOnly: true, timeout: 2000 });
		try {
			const rows = database.prepare("PRAGMA integrity_check(5)").all();
			const answers = rows.map((row) => String(row["integrity_check"]));
			if (answers.join() === "ok") return [ok("sound")];
			return [fail(`${file} is damaged: ${answers.join("; ")}`, "stop the server and put the file back from a backup")];
		} finally {
			database.close();
		}
	},
});
