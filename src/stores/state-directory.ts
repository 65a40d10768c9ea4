/**
 * Where the state lives, and whether that place may be trusted with secrets.
 *
 *  - `$REMPART_STATE`, else `/var/lib/rempart` for root, else the XDG state directory.
 *  - Made with mode 0700. One that others can enter, or that belongs to somebody else, is refused rather than repaired: whoever could write there
 *    may have planted keys already, and only the operator can know.
 *  - A directory above it that everybody may write to, without the sticky bit, is refused as well: the state could be swapped as a whole.
 */
import { mkdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";

import { HintedError } from "../std/hinted-error.ts";

export interface StateSurroundings {
	readonly environment: Readonly<Record<string, string | undefined>>;
	/** Null where the system has no user ids. */
	readonly uid: number | null;
	readonly home: string;
}

export function resolveStateDirectory({ environment, uid, home }: StateSurroundings): string {
	const chosen = environment["REMPART_STATE"];
	if (chosen !== undefined && chosen !== "") return resolve(chosen);
	if (uid === 0) return "/var/lib/rempart";
	const xdg = environment["XDG_STATE_HOME"];
	// The XDG base directory specification: relative paths are invalid and are ignored.
	return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, ".local", "state"), "rempart");
}

/** Makes the directory where it is missing. Returns its real path; throws a HintedError where it cannot be trusted. */
export function prepareStateDirectory(directory: string): string {
	let real: string;
	try {
		mkdirSync(directory, { recursive: true, mode: 0o700 });
		real = realpathSync(directory);
	} catch (cause) {
		throw new HintedError(
			`the state directory ${directory} cannot be made: ${messageOf(cause)}`,
			"make it, or choose another one with --state",
			{ cause },
		);
	}
	const stats = statSync(real);
	if (!stats.isDirectory()) throw new HintedError(`${directory} is not a directory`, "choose another state directory with --state");
	assertPrivate(real, stats, "700");
	assertNobodyCanSwap(real);
	return real;
}

/** Throws a HintedError unless this process's user owns the path and nobody else has any right to it. */
export function assertPrivate(path: string, stats: Stats, mode: "600" | "700"): void {
	const uid = process.getuid?.();
	// Windows has neither owners nor modes in this sense; there the profile's own access list protects the directory.
	if (uid === undefined) return;
	if (stats.uid !== uid) {
		throw new HintedError(
			`${path} belongs to user ${stats.uid}, not to user ${uid} who runs this`,
			`run as its owner, or: chown ${uid} '${path}'`,
		);
	}
	if ((stats.mode & 0o077) !== 0) {
		const octal = (stats.mode & 0o777).toString(8);
		throw new HintedError(
			`${path} has mode ${octal}: others than its owner have rights to it`,
			`look for changes of theirs, then: chmod ${mode} '${path}'`,
		);
	}
}

function assertNobodyCanSwap(real: string): void {
	for (let above = dirname(real), below = real; above !== below; below = above, above = dirname(above)) {
		const { mode } = statSync(above);
		if (process.getuid !== undefined && (mode & 0o002) !== 0 && (mode & 0o1000) === 0) {
			throw new HintedError(
				`everybody may rename what is in ${above}, where the state directory lies`,
				`chmod o-w '${above}', or choose another directory with --state`,
			);
		}
	}
}

function messageOf(cause: unknown): string {
	return cause instanceof Error ? cause.message : String(cause);
}
