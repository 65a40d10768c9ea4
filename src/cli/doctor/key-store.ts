import { checkKeys } from "../../stores/sqlite/check-keys.ts";
import { defineCheck, fail, ok, skipped } from "./check.ts";

export const keyStore = defineCheck({
	id: "key-store",
	title: "key store",
	examine({ stateDirectory }) {
		const found = checkKeys(stateDirectory);
		if (found === null) return [skipped("there is none yet")];
		if (found.length === 0) return [ok("sound")];
		return [fail(`it is damaged: ${found.join("; ")}`, "stop the server and put keys.db back from a backup")];
	},
});
