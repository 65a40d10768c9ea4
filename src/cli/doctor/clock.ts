/** Whether the clock can be believed: expiry of keys and certificates hangs on it. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { defineCheck, fail, ok } from "./check.ts";

/** The runtime that this needs did not exist before: whatever time it is, it is later. */
const EARLIEST = Date.UTC(2026, 0, 1);
const TOLERANCE_MS = 60_000;

export const clock = defineCheck({
	id: "clock",
	title: "clock",
	async examine({ surroundings, stateDirectory }) {
		const now = surroundings.clock();
		const shown = new Date(now).toISOString();
		if (now < EARLIEST) return [fail(`it says ${shown}, which is long past`, "set the clock: timedatectl set-ntp true")];
		const newest = await newestIn(stateDirectory);
		if (newest > now + TOLERANCE_MS) {
			return [
				fail(
					`it says ${shown}, but the state was written at ${new Date(newest).toISOString()}`,
					"the clock went back; set it: timedatectl set-ntp true",
				),
			];
		}
		return [ok(shown)];
	},
});

async function newestIn(directory: string): Promise<number> {
	const entries = await readdir(directory).catch(() => []);
	const times = await Promise.all(entries.map(async (entry) => (await stat(join(directory, entry))).mtimeMs));
	return Math.max(0, ...times);
}
