/** Users with passwords, as an htpasswd file lists them: where the file is, and what its users may do here. */
import * as z from "zod";

import { duration } from "./values/duration.ts";
import { filePath } from "./values/file-path.ts";
import { identifier } from "./values/identifier.ts";
import { joined, wrongType } from "./values/mistake.ts";
import { section } from "./values/section.ts";

export interface HtpasswdConfig {
	readonly file: string;
	readonly role: string;
	/** By user. */
	readonly roles: ReadonlyMap<string, string>;
	/** The group file; null where there is none. */
	readonly groups: string | null;
	/** By group, in the order in which they are asked. */
	readonly groupRoles: readonly (readonly [group: string, role: string])[];
	/** 0: not at all. */
	readonly rememberMs: number;
}

const roleBy = (what: string) =>
	z.record(z.string(), identifier(), {
		error: ({ input }) =>
			joined(wrongType(input, `a mapping of ${what}s to roles`, `write each ${what}, a colon and a role: {ops: operator}`)),
	});

export const htpasswdSection = section({
	file: filePath().optional().meta({
		description:
			"File of users and hashed passwords, as htpasswd makes it: bcrypt, argon2, SHA-256 and SHA-512 crypt, MD5 crypt and SHA-1; {PLAIN} for plain text. Without it, nobody has a password. Read again when it changes; one that is mistaken leaves the users before it in force.",
		risk: "Whoever reads the file can guess at its hashes, and whoever writes to it lets himself in. Bcrypt of cost 10 or argon2 resists for longest.",
		example: "/etc/rempart/htpasswd",
	}),
	role: identifier()
		.prefault("user")
		.meta({ description: "What the users of the file are, where neither roles nor group_roles says otherwise." }),
	roles: roleBy("user")
		.prefault({})
		.meta({ description: "Roles of single users, by name.", example: { alice: "operator" } }),
	groups: filePath().optional().meta({
		description:
			'File of groups, as Apache\'s AuthGroupFile: "name: user user …" a line. They count for group_roles, for roles.<name>.require and in the record.',
		example: "/etc/rempart/groups",
	}),
	group_roles: roleBy("group")
		.prefault({})
		.meta({
			description: "Roles of groups, by name. Of several groups of a user, the one named first here counts.",
			example: { ops: "operator" },
		}),
	remember: duration({ min: "0s", max: "24h" }).prefault("1h").meta({
		description:
			"For how long a password that was right is known again without its slow hash, at the network it came from. Kept in memory as a keyed hash, and forgotten when the user's line changes. 0s: not at all.",
		risk: "With 0s every request costs a slow hash, about a tenth of a second of a processor.",
	}),
}).transform((written, context): HtpasswdConfig | null => {
	const { file, role, groups } = written;
	const groupRoles = Object.entries(written.group_roles);
	const mistake = (path: string, message: string, hint: string): void => {
		context.addIssue({ code: "custom", path: [path], message: joined({ message, hint }) });
	};
	if (file === undefined && groups !== undefined)
		mistake("groups", "has no effect without a file of users", "add file: /etc/rempart/htpasswd");
	if (groups === undefined && groupRoles.length > 0)
		mistake("group_roles", "has no effect without a file of groups", "add groups: /etc/rempart/groups");
	if (file === undefined && Object.keys(written.roles).length > 0)
		mistake("roles", "has no effect without a file of users", "add file: /etc/rempart/htpasswd");
	if (file === undefined) return null;
	return {
		file,
		role,
		roles: new Map(Object.entries(written.roles).map(([name, given]) => [name.normalize("NFC"), given])),
		groups: groups ?? null,
		groupRoles,
		rememberMs: written.remember,
	};
});

/** For a rule's complaint: whether a name could be a role at all is settled above; whether it is one, only who knows the built-in ones can say. */
export function rolesNamed({ role, roles, groupRoles }: HtpasswdConfig): readonly string[] {
	return [...new Set([role, ...roles.values(), ...groupRoles.map(([, name]) => name)])];
}
