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

import * as z from "zod";

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

const stored = z.strictObject({
	version: z.literal(1),
	logins: z.record(
		z.string(),
		z.strictObject({
			token: z.string().transform((text) => new Secret(text)),
			name: z.string(),
			role: z.string(),
			expiresAt: z.number(),
			authorities: z.string().nullable(),
		}),
	),
});

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
	const read = stored.safeParse(parsed(text));
	if (!read.success) throw new HintedError(`${file} does not hold what rempart login writes`, "delete it, and sign in again");
	return new Map(Object.entries(read.data.logins));
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

function parsed(text: string): unknown {
	try {
		const value: unknown = JSON.parse(text);
		return value;
	} catch {
		// What the parser says may quote a token.
		return null;
	}
}
