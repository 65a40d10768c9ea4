/**
 * The users of an htpasswd file with their roles: one immutable table, exchanged whole when a file changes.
 *
 *  - Who stands in the file may come in; `roles` says as what: by the user's own name, else by the first group in the order of the configuration that
 *    the user is in, else the role of all.
 *  - Whoever does not stand there is given a stand-in: the line of some user, always the same one for the same name. So a name that does not exist
 *    costs, and waits, like one that does, whatever mixture of hashes the file holds. What comes of that check is thrown away.
 */
import { createHmac, randomBytes } from "node:crypto";

import { NO_GROUPS, type Principal } from "../model/principal.ts";

import type { StoredHash } from "./hashes/stored-hash.ts";

export interface RoleRules {
	readonly role: string;
	readonly roles: ReadonlyMap<string, string>;
	/** In the order in which they are asked. */
	readonly groupRoles: readonly (readonly [group: string, role: string])[];
}

export interface PasswordUser {
	readonly stored: string;
	/** One object for as long as nothing about the user changes, so whatever is derived from a principal can be kept beside it. */
	readonly principal: Principal;
}

export class PasswordUsers {
	readonly #users: ReadonlyMap<string, PasswordUser>;
	readonly #standIns: readonly string[];
	readonly #key: Buffer;

	/** `before` gives its principals on where they are the same. */
	constructor(
		stored: ReadonlyMap<string, StoredHash>,
		groups: ReadonlyMap<string, ReadonlySet<string>>,
		rules: RoleRules,
		before: PasswordUsers | null,
	) {
		this.#users = new Map(
			Array.from(stored, ([name, { text }]) => {
				const role = roleOf(name, groups, rules);
				const own = groupsOf(name, groups);
				const kept = before?.find(name)?.principal;
				const principal: Principal =
					kept?.role === role && isSame(kept.groups, own)
						? kept
						: Object.freeze({ kind: "htpasswd", id: principalId(name), name, role, models: null, groups: own });
				return [name, { stored: text, principal }];
			}),
		);
		this.#standIns = Array.from(stored.values(), ({ text }) => text);
		// The same stand-in for the same name after a reload too, or the change of a file would show which names are made up.
		this.#key = before === null ? randomBytes(32) : before.#key;
	}

	get size(): number {
		return this.#users.size;
	}

	find(name: string): PasswordUser | null {
		return this.#users.get(name) ?? null;
	}

	/** A stored hash to check in vain; null where there is nobody. */
	standInFor(name: string): string | null {
		if (this.#standIns.length === 0) return null;
		const pick = createHmac("sha256", this.#key).update(name).digest().readUInt32BE(0);
		return this.#standIns[pick % this.#standIns.length] ?? null;
	}

	/** Ids of the principals that stand here and not in `after`. */
	missingFrom(after: PasswordUsers | null): readonly string[] {
		return Array.from(this.#users.keys())
			.filter((name) => after === null || after.find(name) === null)
			.map(principalId);
	}
}

/** ASCII, since an id goes into header fields and records: what is not printable there is percent-encoded, and so is the percent sign. */
function principalId(name: string): string {
	return `htpasswd:${name.replace(/[^\x21-\x7e]|%/gu, encodeURIComponent)}`;
}

function groupsOf(name: string, groups: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
	const own = [...groups].filter(([, members]) => members.has(name)).map(([group]) => group);
	return own.length === 0 ? NO_GROUPS : Object.freeze(own);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
	return one.length === other.length && one.every((group, at) => group === other[at]);
}

function roleOf(name: string, groups: ReadonlyMap<string, ReadonlySet<string>>, { role, roles, groupRoles }: RoleRules): string {
	return roles.get(name) ?? groupRoles.find(([group]) => groups.get(group)?.has(name) === true)?.[1] ?? role;
}
