/**
 * Files that hold secrets: made once with mode 0600, and refused when others could read or plant them.
 *
 *  - Written under another name, synced, then linked into place: after a crash there is a whole file or none, never half a key.
 *  - Never overwritten. A pepper or signing key that is replaced makes every API key useless or every old signature unverifiable.
 *  - Opened without following links, and checked on the open file, so that what is checked is what is read.
 */
import { closeSync, constants, fstatSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";

import { HintedError } from "../std/hinted-error.ts";

import { assertPrivate } from "./state-directory.ts";

/** Null where there is no such file. Throws a HintedError where the file is not private. */
export function readSecretFile(path: string): Buffer | null {
	const file = openIfThere(path);
	if (file === null) return null;
	try {
		const stats = fstatSync(file);
		if (!stats.isFile()) throw new HintedError(`${path} is not a regular file`, "move it away, and put the real file back");
		assertPrivate(path, stats, "600");
		return readFileSync(file);
	} finally {
		closeSync(file);
	}
}

/** Fails where the file exists. */
export function createSecretFile(path: string, content: Uint8Array): void {
	const draft = `${path}.new`;
	try {
		// What a crash left behind. Nobody else writes here: the state is locked.
		unlinkIfThere(draft);
		const file = openSync(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW, 0o600);
		try {
			writeSync(file, content);
			fsyncSync(file);
		} finally {
			closeSync(file);
		}
		linkSync(draft, path);
		unlinkSync(draft);
		syncDirectory(dirname(path));
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new HintedError(`${path} cannot be written: ${why}`, "make room, or make the state directory writable", { cause });
	}
}

/** Makes an empty file with mode 0600 where there is none, so that a database in it, and the files beside it, are private from the first byte. */
export function ensurePrivateFile(path: string): void {
	let file: number;
	try {
		file = openSync(path, constants.O_RDWR | constants.O_CREAT | NO_FOLLOW, 0o600);
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new HintedError(`${path} cannot be opened: ${why}`, "make the state directory writable", { cause });
	}
	try {
		assertPrivate(path, fstatSync(file), "600");
	} finally {
		closeSync(file);
	}
}

/** Not there on Windows, where making links takes rights of its own. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

function openIfThere(path: string): number | null {
	try {
		return openSync(path, constants.O_RDONLY | NO_FOLLOW);
	} catch (cause) {
		if (isMissing(cause)) return null;
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new HintedError(`${path} cannot be read: ${why}`, "it must be a regular file that belongs to the user who runs this", { cause });
	}
}

function unlinkIfThere(path: string): void {
	try {
		unlinkSync(path);
	} catch (cause) {
		if (!isMissing(cause)) throw cause;
	}
}

function isMissing(cause: unknown): boolean {
	return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

/** A new name is durable only when its directory is. */
function syncDirectory(path: string): void {
	const directory = openSync(path, constants.O_RDONLY);
	try {
		fsyncSync(directory);
	} finally {
		closeSync(directory);
	}
}
