/** What an operator should know about the users of a configured htpasswd file before a server reads it: `config check` and `doctor`. */
import { type HtpasswdConfig, rolesNamed } from "../config/htpasswd.ts";
import { readPasswordFiles } from "../passwords/password-files.ts";
import { assertRoles } from "./assert-roles.ts";

export interface ExaminedPasswords {
	readonly users: number;
	/** Weak hashes, plain text, a file that others may read. */
	readonly findings: readonly string[];
}

/** Throws a HintedError where a server would not start with it. */
export async function examinePasswords(spec: HtpasswdConfig, isRole: (name: string) => boolean): Promise<ExaminedPasswords> {
	assertRoles("identities.htpasswd", rolesNamed(spec), isRole);
	const { users, findings } = await readPasswordFiles(spec);
	return { users: users.size, findings };
}
