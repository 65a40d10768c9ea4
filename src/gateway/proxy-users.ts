/**
 * Users whom a proxy has signed in, and names in a field.
 *
 *  - Only where the way proves the proxy: over the gateway's Unix socket, or from a listed address with a listed client certificate. From anybody else
 *    such a field is not looked at. A listed address alone is not enough: any program there could be anybody.
 *  - A name becomes a ticket, a credential that exists in this process for the length of one request, so that identify meets it like any other: a
 *    second credential beside it is as ambiguous as two keys are.
 *  - Two such fields, or a name that does not fit a record, are a refusal. An empty one names nobody.
 */
import { randomBytes } from "node:crypto";
import type { Caller } from "../http/caller.ts";
import { SOCKET_PEER } from "../http/listener.ts";
import { certificateOf } from "../http/presented-certificate.ts";
import { NO_GROUPS, type Principal } from "../model/principal.ts";
import type { Reason } from "../model/reason.ts";
import type { KeyRing } from "../ports/key-ring.ts";
import type { Clock } from "../std/clock.ts";
import { HeaderFields } from "../wire/header-fields.ts";

export interface ProxyUsersSpec {
	/** In lower case; null believes nobody. */
	readonly field: string | null;
	readonly role: string;
	/** Ids of principals whose certificates are proxies'. */
	readonly certificates: readonly string[];
}

export type Claim = { readonly user: string | null } | { readonly refused: Reason; readonly detail: string };

const NOBODY: Claim = Object.freeze({ user: null });
const NAME = /^[\x21-\x7e]{1,64}$/;
const TICKET_BYTES = 32;
const TICKET_FIELD = "x-api-key";

export class ProxyUsers {
	#spec: ProxyUsersSpec;
	readonly #ring: KeyRing;
	readonly #now: Clock;
	readonly #tickets = new Map<string, Principal>();

	constructor(spec: ProxyUsersSpec, ring: KeyRing, now: Clock) {
		this.#spec = spec;
		this.#ring = ring;
		this.#now = now;
	}

	adjust(spec: ProxyUsersSpec): void {
		this.#spec = spec;
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
		const { field } = this.#spec;
		if (field === null || caller.head === null || !this.#isProved(caller)) return NOBODY;
		const [name, ...others] = caller.head.fields.all(field);
		if (name === undefined || (name === "" && others.length === 0)) return NOBODY;
		if (others.length > 0) return { refused: "credential-ambiguous", detail: `${field} twice` };
		return NAME.test(name) ? { user: name } : { refused: "credential-malformed", detail: `${field} that is no name` };
	}

	/** Fields by which the request is this user's, for as long as the ticket is not given back. */
	admit(user: string, fields: HeaderFields): { readonly ticket: string; readonly fields: HeaderFields } {
		const ticket = randomBytes(TICKET_BYTES).toString("base64url");
		this.#tickets.set(
			ticket,
			Object.freeze({ kind: "proxy-user", id: `proxy:${user}`, name: user, role: this.#spec.role, models: null, groups: NO_GROUPS }),
		);
		const kept = Array.from(fields);
		return { ticket, fields: new HeaderFields([...kept.map(([name]) => name), TICKET_FIELD], [...kept.map(([, value]) => value), ticket]) };
	}

	giveBack(ticket: string): void {
		this.#tickets.delete(ticket);
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
