/**
 * Where somebody is signed in, by the address of the admin listener: a file of theirs, which nobody else may read.
 *
 *  - `$XDG_CONFIG_HOME/rempart/logins.json`, else `~/.config/rempart/logins.json`; mode 0600 in a directory of mode 0700.
 *  - Replaced whole, so a crash leaves the old or the new one. One that others may read is refused: its tokens are to be taken for known.
 *  - A token is in this file and nowhere else; no verb prints it.
 */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";

import { HintedError } from "../../std/hinted-error.ts";
import { Secret } from "../../std/secret.ts";
import type { Surroundings } from "../surroundings.ts";

export interface Login {
	readonly token: Secret;
	readonly name: string;
	readonly role: string;
	/** Unix ms. */
	readonly expiresAt: number;
	/** PEM file of the authorities that vouch for the listener's certificate; null for those of the system. */
	readonly authorities: string | null;
}

interface StoredLogin extends Omit<Login, "token"> {
	readonly token: string;
}

type Around = Pick<Surroundings, "environment" | "home" | "uid">;

export function loginsFile({ environment, home }: Around): string {
	const xdg = environment["XDG_CONFIG_HOME"];
	return join(xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, ".config"), "rempart", "logins.json");
}

/** Throws a HintedError where the file cannot be trusted. */
export async function readLogins(around: Around): Promise<ReadonlyMap<string, Login>> {
	const file = loginsFile(around);
	let text: string;
	try {
		const { mode, uid } = await stat(file);
		if (around.uid !== null && (uid !== around.uid || (mode & 0o077) !== 0)) {
			throw new HintedError(
				`${file} is not yours alone: others may have read the tokens in it`,
				"sign out everywhere, then delete the file and sign in again",
			);
		}
		text = await readFile(file, "utf8");
	} catch (cause) {
		if (cause instanceof HintedError) throw cause;
		if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return new Map();
		throw new HintedError(`${file} cannot be read: ${String(cause)}`, "check who may read it", { cause });
	}
	const logins = storedIn(text);
	if (logins === null) throw new HintedError(`${file} does not hold what rempart login writes`, "delete it, and sign in again");
	return new Map(logins.map(([origin, { token, ...rest }]) => [origin, { ...rest, token: new Secret(token) }]));
}

/** Null takes a login away. */
export async function writeLogin(around: Around, origin: string, login: Login | null): Promise<void> {
	const logins = new Map(await readLogins(around));
	if (login === null) logins.delete(origin);
	else logins.set(origin, login);
	const content = Object.fromEntries(Array.from(logins, ([at, { token, ...rest }]) => [at, { ...rest, token: token.reveal() }]));
	const file = loginsFile(around);
	await mkdir(dirname(file), { recursive: true, mode: 0o700 });
	await chmod(dirname(file), 0o700);
	const draft = `${file}.${randomBytes(4).toString("hex")}`;
	try {
		const handle = await open(draft, "wx", 0o600);
		try {
			await handle.writeFile(`${JSON.stringify({ version: 1, logins: content }, null, "\t")}\n`);
			await handle.sync();
		} finally {
			await handle.close();
		}
		await rename(draft, file);
	} catch (cause) {
		// What is left of it holds a token.
		await unlink(draft).catch(() => undefined);
		throw new HintedError(`${file} cannot be written: ${String(cause)}`, "make room, or make the directory writable", { cause });
	}
}

/** Null where it is not what is written below. */
function storedIn(text: string): readonly (readonly [origin: string, login: StoredLogin])[] | null {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		// What the parser says may quote a token.
		return null;
	}
	if (typeof value !== "object" || value === null || !("logins" in value) || typeof value.logins !== "object" || value.logins === null)
		return null;
	const logins: (readonly [string, StoredLogin])[] = [];
	for (const [origin, login] of Object.entries(value.logins)) {
		if (!isStoredLogin(login)) return null;
		logins.push([origin, login]);
	}
	return logins;
}

function isStoredLogin(value: unknown): value is StoredLogin {
	if (typeof value !== "object" || value === null) return false;
	if (!("token" in value && "name" in value && "role" in value && "expiresAt" in value && "authorities" in value)) return false;
	const { token, name, role, expiresAt, authorities } = value;
	const texts = typeof token === "string" && typeof name === "string" && typeof role === "string";
	return texts && typeof expiresAt === "number" && (authorities === null || typeof authorities === "string");
}
