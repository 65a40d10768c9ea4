/**
 * The htpasswd file and the group file on disk: read, judged, and looked at again.
 *
 *  - Read whole and judged whole; a file that is refused leaves whatever was in force.
 *  - `htpasswd` writes its file in place, so a look may fall between its truncation and its last line. A change counts once two looks in a row see the
 *    same file. SIGHUP and the first reading do not wait for that.
 *  - Links are followed: orchestrators exchange such files by turning a link.
 */
import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";

import { HintedError } from "../std/hinted-error.ts";

import { readGroupFile } from "./group-file.ts";
import type { StoredHash } from "./hashes/stored-hash.ts";
import { readHtpasswd } from "./htpasswd.ts";

export interface PasswordPaths {
	readonly file: string;
	/** Null where there are no groups. */
	readonly groups: string | null;
}

export interface PasswordContent {
	readonly users: ReadonlyMap<string, StoredHash>;
	readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
	readonly findings: readonly string[];
	/** Of what was read, so that a file which was touched and not changed is no change. */
	readonly digest: string;
	/** What the look at the files said just before they were read. */
	readonly seen: string;
}

const MOST_BYTES = 64 * 1024 * 1024;
const BY_OTHERS = 0o004;
const WRITABLE = 0o022;

/** Throws a HintedError where a file cannot be read, or not as a whole. */
export async function readPasswordFiles({ file, groups }: PasswordPaths): Promise<PasswordContent> {
	const seen = await lookAt({ file, groups });
	const passwords = await readWhole(file, "identities.htpasswd.file");
	const reading = readHtpasswd(passwords.text);
	if ("problems" in reading) throw refusal(file, reading.problems, "set that user's password anew: htpasswd -B -C 10 FILE USER");
	const members = groups === null ? null : await readWhole(groups, "identities.htpasswd.groups");
	const memberships = members === null ? { groups: new Map<string, ReadonlySet<string>>() } : readGroupFile(members.text);
	if ("problems" in memberships) throw refusal(groups ?? "", memberships.problems, 'write "group: user user", one group a line');
	const digest = createHash("sha256")
		.update(passwords.text)
		.update("\0")
		.update(members?.text ?? "")
		.digest("hex");
	return {
		users: reading.users,
		groups: memberships.groups,
		findings: [...modeFindings(passwords.mode), ...reading.findings],
		digest,
		seen,
	};
}

/** What changes when the files do; a file that is not there has a look of its own. */
export async function lookAt({ file, groups }: PasswordPaths): Promise<string> {
	const looks = await Promise.all(
		[file, ...(groups === null ? [] : [groups])].map((path) => stat(path, { bigint: true }).then(lookOf, () => "-")),
	);
	return looks.join(" ");
}

function lookOf({
	dev,
	ino,
	size,
	mtimeNs,
	ctimeNs,
}: {
	dev: bigint;
	ino: bigint;
	size: bigint;
	mtimeNs: bigint;
	ctimeNs: bigint;
}): string {
	return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

async function readWhole(path: string, setting: string): Promise<{ readonly text: string; readonly mode: number }> {
	try {
		await using handle = await open(path, "r");
		const { mode, size } = await handle.stat();
		if (size > MOST_BYTES)
			throw new HintedError(`${path} has ${size} bytes`, `a file of users has at most ${MOST_BYTES}; name the right one`);
		const bytes = await handle.readFile();
		return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), mode };
	} catch (cause) {
		if (cause instanceof HintedError) throw cause;
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new HintedError(`${path} cannot be read: ${why}`, `make it readable for the server's user, or change ${setting}`, { cause });
	}
}

function refusal(path: string, problems: readonly string[], hint: string): HintedError {
	return new HintedError(`${path} is refused: ${problems.join("; ")}`, hint);
}

function modeFindings(mode: number): readonly string[] {
	if (process.platform === "win32") return [];
	if ((mode & WRITABLE) !== 0) return ["others may write to the file, and so let themselves in: chmod 640"];
	return (mode & BY_OTHERS) !== 0 ? ["everyone on this machine may read the file and guess at its hashes: chmod 640"] : [];
}
