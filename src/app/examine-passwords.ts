/** What an operator should know about the users of a configured htpasswd file before a server reads it: `config check` and `doctor`. */
import { type HtpasswdConfig, rolesNamed } from "../config/htpasswd.ts";
import { readPasswordFiles } from "../passwords/password-files.ts";
import { HintedError } from "../std/hinted-error.ts";

export interface ExaminedPasswords {
	readonly users: number;
	/** Weak hashes, plain text, a file that others may read. */
	readonly findings: readonly string[];
}

/** Throws a HintedError where a server would not start with it. */
export async function examinePasswords(spec: HtpasswdConfig, isRole: (name: string) => boolean): Promise<ExaminedPasswords> {
	assertRoles(spec, isRole);
	const { users, findings } = await readPasswordFiles(spec);
	return { users: users.size, findings };
}

/** Throws a HintedError for a role that is neither built in nor configured: its users would be refused everything, and nobody would know why. */
export function assertRoles(spec: HtpasswdConfig, isRole: (name: string) => boolean): void {
	const unknown = rolesNamed(spec).filter((name) => !isRole(name));
	if (unknown.length === 0) return;
	throw new HintedError(`identities.htpasswd: there is no role ${unknown.join(", ")}`, "name a built-in role, or add one under roles");
}
