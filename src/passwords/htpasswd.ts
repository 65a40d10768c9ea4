/**
 * An htpasswd file: text in, users or every mistake in it out.
 *
 *  - One line that cannot be read refuses the whole file. A file that is half in force locks people out one by one, and nobody hears of it.
 *  - A user may stand there once: of two lines Apache takes the first and an editor looks at the last.
 *  - Nothing that is said about a line repeats what stands behind its colon.
 */
import { readStoredHash, type StoredHash } from "./hashes/stored-hash.ts";

export interface HtpasswdFile {
	readonly users: ReadonlyMap<string, StoredHash>;
	/** What an operator should know: passwords that are quick to guess. */
	readonly findings: readonly string[];
}

export type HtpasswdReading = HtpasswdFile | { readonly problems: readonly string[] };

/** Printable, without spaces, in one spelling: a user's name goes into records, metrics and command lines as it is. */
const USER = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]+$/u;
const USER_CHARACTERS = 128;
const MOST_USERS = 100_000;
const MOST_SAID = 20;

export function isUserName(text: string): boolean {
	return text.length <= USER_CHARACTERS && USER.test(text) && !text.includes(":") && text.normalize("NFC") === text;
}

export function readHtpasswd(text: string): HtpasswdReading {
	const users = new Map<string, StoredHash>();
	const problems: string[] = [];
	const findings: string[] = [];
	for (const [index, line] of text
		.replace(/^\uFEFF/, "")
		.split("\n")
		.entries()) {
		const content = line.endsWith("\r") ? line.slice(0, -1) : line;
		if (content.trim() === "" || content.startsWith("#")) continue;
		const refused = takeLine(content, users, findings);
		if (refused !== null) problems.push(`line ${index + 1}: ${refused}`);
	}
	if (users.size > MOST_USERS) problems.push(`there are more than ${MOST_USERS} users`);
	if (problems.length > 0) return { problems: shortened(problems) };
	if (users.size === 0) findings.push("there is no user in it");
	return { users, findings: shortened(findings) };
}

function takeLine(line: string, users: Map<string, StoredHash>, findings: string[]): string | null {
	const colon = line.indexOf(":");
	if (colon === -1) return "there is no colon between user and hash";
	const user = line.slice(0, colon).normalize("NFC");
	if (!isUserName(user)) return "the user's name is empty, too long, or holds a space or something that cannot be printed";
	if (users.has(user)) return `${user} stands there twice`;
	// Apache passes over what follows a second colon (`htdigest` and comments put things there).
	const [field = ""] = line.slice(colon + 1).split(":");
	const plain = field.startsWith("{PLAIN}") ? line.slice(colon + 1) : field;
	const stored = readStoredHash(plain.startsWith("{PLAIN}") ? plain : plain.trimEnd());
	if ("refused" in stored) return `${user}: ${stored.refused}`;
	users.set(user, stored);
	if (stored.weakness !== null) findings.push(`${user}: ${stored.weakness}`);
	return null;
}

function shortened(lines: readonly string[]): readonly string[] {
	return lines.length <= MOST_SAID ? lines : [...lines.slice(0, MOST_SAID), `and ${lines.length - MOST_SAID} more`];
}
