/**
 * Users whom a proxy has signed in, and names in a field.
 *
 *  - Only where the way proves the proxy: over the gateway's Unix socket, or from a listed address with a listed client certificate. From anybody else
 *    such a field is not looked at. A listed address alone is not enough: any program there could be anybody.
 *  - A name becomes a ticket, a credential that exists in this process for the length of one request, so that identify meets it like any other: a
 *    second credential beside it is as ambiguous as two keys are.
 *  - Two such fields, or a name that does not fit a record, are a refusal. An empty one names nobody.
 *  - Groups are read from a field of their own, under the same conditions, beside a user alone. One that is no name spoils them all: which of them the
 *    proxy meant is not ours to guess.
 */
import { randomBytes } from "node:crypto";
import type { Caller } from "../http/caller.ts";
import { SOCKET_PEER } from "../http/listener.ts";
import { certificateOf } from "../http/presented-certificate.ts";
import { GROUP_NAME } from "../model/factor.ts";
import { NO_GROUPS, type Principal } from "../model/principal.ts";
import type { Reason } from "../model/reason.ts";
import type { KeyRing } from "../ports/key-ring.ts";
import type { Clock } from "../std/clock.ts";
import { HeaderFields } from "../wire/header-fields.ts";

export interface ProxyUsersSpec {
	/** In lower case; null believes nobody. */
	readonly field: string | null;
	readonly role: string;
	/** In lower case; null believes in no groups. */
	readonly groupsField: string | null;
	/** The first whose group the user is in decides. */
	readonly rules: readonly { readonly group: string; readonly role: string; readonly models: readonly string[] | null }[];
	/** Ids of principals whose certificates are proxies'. */
	readonly certificates: readonly string[];
}

export interface ClaimedUser {
	readonly user: string;
	readonly groups: readonly string[];
}

export type Claim = ClaimedUser | { readonly user: null } | { readonly refused: Reason; readonly detail: string };

const NOBODY: Claim = Object.freeze({ user: null });
const MOST_GROUPS = 256;
/** Beyond it all are forgotten. */
const MOST_REMEMBERED = 10_000;
const NAME = /^[\x21-\x7e]{1,64}$/;
const TICKET_BYTES = 32;
const TICKET_FIELD = "x-api-key";

export class ProxyUsers {
	#spec: ProxyUsersSpec;
	readonly #ring: KeyRing;
	readonly #now: Clock;
	readonly #tickets = new Map<string, Principal>();
	/** One object for as long as nothing changes, so whatever is derived from a principal can be kept beside it. */
	readonly #principals = new Map<string, Principal>();

	constructor(spec: ProxyUsersSpec, ring: KeyRing, now: Clock) {
		this.#spec = spec;
		this.#ring = ring;
		this.#now = now;
	}

	adjust(spec: ProxyUsersSpec): void {
		this.#spec = spec;
		this.#principals.clear();
	}

	/** The key ring, which knows the tickets besides. `Required` makes whatever a key ring learns to do a compile error here. */
	get keys(): Required<KeyRing> {
		const ring = this.#ring;
		return {
			verify: (credential, now) => {
				const principal = this.#tickets.size === 0 ? undefined : this.#tickets.get(credential);
				return principal === undefined ? ring.verify(credential, now) : { principal };
			},
			signatures: ring.signatures ?? null,
			certificates: ring.certificates ?? null,
		};
	}

	/** Whom the proxy names; `caller` is one of a listed address. */
	claimOf(caller: Caller): Claim {
		const { field, groupsField } = this.#spec;
		if (field === null || caller.head === null || !this.#isProved(caller)) return NOBODY;
		const [name, ...others] = caller.head.fields.all(field);
		if (name === undefined || (name === "" && others.length === 0)) return NOBODY;
		if (others.length > 0) return { refused: "credential-ambiguous", detail: `${field} twice` };
		if (!NAME.test(name)) return { refused: "credential-malformed", detail: `${field} that is no name` };
		return groupsField === null ? { user: name, groups: NO_GROUPS } : withGroups(name, groupsField, caller.head.fields.all(groupsField));
	}

	/** Fields by which the request is this user's, for as long as the ticket is not given back. */
	admit(claimed: ClaimedUser, fields: HeaderFields): { readonly ticket: string; readonly fields: HeaderFields } {
		const ticket = randomBytes(TICKET_BYTES).toString("base64url");
		this.#tickets.set(ticket, this.#principalOf(claimed));
		const kept = Array.from(fields);
		return { ticket, fields: new HeaderFields([...kept.map(([name]) => name), TICKET_FIELD], [...kept.map(([, value]) => value), ticket]) };
	}

	giveBack(ticket: string): void {
		this.#tickets.delete(ticket);
	}

	#principalOf({ user, groups }: ClaimedUser): Principal {
		// Neither holds a line end: no user of one name is a member of a group under another.
		const key = [user, ...groups].join("\n");
		let principal = this.#principals.get(key);
		if (principal === undefined) {
			const { role, rules } = this.#spec;
			const rule = rules.find(({ group }) => groups.includes(group)) ?? { role, models: null };
			principal = Object.freeze({ kind: "proxy-user", id: `proxy:${user}`, name: user, role: rule.role, models: rule.models, groups });
			if (this.#principals.size >= MOST_REMEMBERED) this.#principals.clear();
			this.#principals.set(key, principal);
		}
		return principal;
	}

	#isProved(caller: Caller): boolean {
		if (caller.peer === SOCKET_PEER) return true;
		const presented = certificateOf(caller);
		const { certificates } = this.#ring;
		if (presented === null || certificates === null || certificates === undefined) return false;
		const verdict = certificates.verify(presented, this.#now());
		return "principal" in verdict && this.#spec.certificates.includes(verdict.principal.id);
	}
}

function withGroups(user: string, field: string, values: readonly string[]): Claim {
	const [written = "", ...others] = values;
	if (others.length > 0) return { refused: "credential-ambiguous", detail: `${field} twice` };
	const groups = [...new Set(written.split(",").map((name) => name.trim()))].filter((name) => name !== "");
	if (groups.length > MOST_GROUPS) return { refused: "credential-malformed", detail: `${field} with more than ${MOST_GROUPS} groups` };
	if (!groups.every((name) => GROUP_NAME.test(name))) return { refused: "credential-malformed", detail: `${field} with what is no group` };
	return { user, groups: groups.length === 0 ? NO_GROUPS : Object.freeze(groups) };
}
