/** Whether the state directory is its owner's alone, and everything in it. */
import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";

import { defineCheck, type Finding, fail, ok, skipped, warn } from "./check.ts";

/** Below this the event log may fill the disk before anybody looks again; when it cannot be written, every request is refused. */
const FREE_BYTES_MIN = 256 * 1024 * 1024;

export const state = defineCheck({
	id: "state",
	title: "state directory",
	async examine({ stateDirectory, surroundings }) {
		const about = await stat(stateDirectory).catch(() => null);
		if (about === null) return [skipped(`${stateDirectory} is not there yet; up or serve will make it`)];
		const found: Finding[] = [];
		if (surroundings.uid !== null && about.uid !== surroundings.uid) {
			found.push(
				fail(
					`${stateDirectory} belongs to user ${about.uid}, and you are ${surroundings.uid}`,
					"run this as the user that rempart runs as",
				),
			);
		}
		for (const path of [stateDirectory, ...(await filesIn(stateDirectory))]) {
			const { mode } = await stat(path);
			// A socket's own mode decides who may connect, as a file's does who may read.
			if ((mode & 0o077) !== 0)
				found.push(
					fail(
						`${path} has mode ${(mode & 0o777).toString(8)}: others have rights to it`,
						`look for changes of theirs, then: chmod go= '${path}'`,
					),
				);
		}
		const { bavail, bsize } = await statfs(stateDirectory);
		if (bavail * bsize < FREE_BYTES_MIN) {
			found.push(
				warn(
					`only ${Math.round((bavail * bsize) / 2 ** 20)} MiB are free where the state lies`,
					"make room: a log that cannot be written stops every request",
				),
			);
		}
		return found.length > 0 ? found : [ok(`${stateDirectory}, yours alone`)];
	},
});

async function filesIn(directory: string): Promise<readonly string[]> {
	const entries = await readdir(directory, { recursive: true });
	return entries.map((entry) => join(directory, entry));
}
