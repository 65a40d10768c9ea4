import type { AdminRole } from "../model/admin-role.ts";

/** Somebody who signed in, as administration knows them. */
export interface Person {
	/** `psn_…`, made of issuer and subject: the same at each sign-in, whatever the name has become meanwhile. */
	readonly id: string;
	/** For people to read; chosen at the provider, and not unique. */
	readonly name: string;
	/** As the provider names them; never reassigned there (OpenID Connect Core §2). */
	readonly subject: string;
	readonly role: AdminRole;
}

const WAYS = ["browser", "terminal", "device"] as const;
/** browser: a cookie · terminal: a token for the command line, by way of the browser beside it · device: the same, by way of a browser elsewhere. */
export type Way = (typeof WAYS)[number];

/** How events name whoever did something. */
export function byOf({ id, name }: Pick<Person, "id" | "name">): string {
	return `${id} (${name})`;
}
