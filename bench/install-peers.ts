/**
 * `--install-peers`: the two peers that Debian does not have, from npm and PyPI, into the user's cache.
 *
 * Install scripts of npm do not run. Nothing of it goes into the project or its lock file.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { LITELLM_PACKAGE, PORTKEY_MANIFEST, peersFolder } from "./peers.ts";

/** Throws where one of them cannot be installed; what was there before is then gone. */
export function installPeers(note: (text: string) => void): void {
	const folder = peersFolder();
	const [portkey, litellm] = [join(folder, "portkey"), join(folder, "litellm")];
	for (const path of [portkey, litellm]) rmSync(path, { recursive: true, force: true });
	mkdirSync(portkey, { recursive: true });
	note(`Portkey's gateway into ${portkey}`);
	writeFileSync(join(portkey, "package.json"), JSON.stringify(PORTKEY_MANIFEST));
	run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], portkey);
	note(`${LITELLM_PACKAGE} into ${litellm}: about 750 MB and two minutes`);
	run("python3", ["-m", "venv", litellm], folder);
	run(join(litellm, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", LITELLM_PACKAGE], folder);
}

function run(program: string, args: readonly string[], cwd: string): void {
	const { status, error } = spawnSync(program, args, { cwd, stdio: ["ignore", 2, 2] });
	if (error !== undefined) throw error;
	if (status !== 0) throw new Error(`${program} ${args[0] ?? ""} ended with ${status ?? "a signal"}`);
}
