/** How a server elsewhere is reached: its address, the token of whoever is signed in there, and who vouches for its certificate. */
import { readFile } from "node:fs/promises";

import { HintedError } from "../../std/hinted-error.ts";
import type { Secret } from "../../std/secret.ts";
import type { Surroundings } from "../surroundings.ts";
import { adminOriginOf } from "./admin-url.ts";
import { readLogins } from "./logins.ts";

export interface RemoteReach {
	readonly origin: string;
	/** Null where nobody is signed in yet. */
	readonly token: Secret | null;
	/** PEM; null for the authorities of the system. */
	readonly authorities: string | null;
}

/** For administration: throws a HintedError where nobody is signed in. */
export async function remoteReach(admin: string, surroundings: Surroundings): Promise<RemoteReach> {
	const origin = adminOriginOf(admin);
	const login = (await readLogins(surroundings)).get(origin);
	if (login === undefined) throw new HintedError(`nobody is signed in at ${origin}`, `sign in: rempart login ${origin}`);
	if (surroundings.clock() >= login.expiresAt)
		throw new HintedError(`the sign-in at ${origin} has expired`, `sign in again: rempart login ${origin}`);
	return { origin, token: login.token, authorities: await authoritiesOf(login.authorities) };
}

export async function authoritiesOf(file: string | null): Promise<string | null> {
	if (file === null) return null;
	try {
		return await readFile(file, "utf8");
	} catch (cause) {
		throw new HintedError(`${file} cannot be read: ${String(cause)}`, "name the PEM file of the authority: --ca FILE", { cause });
	}
}
