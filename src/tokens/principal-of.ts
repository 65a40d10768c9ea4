/**
 * Who a token speaks for: one principal for as long as nothing about him changes, whichever of his tokens he sends.
 *
 *  - The id is of issuer and subject alone (RFC 7519 §4.1.2: together they are never given to another); names and addresses are given on.
 *  - Groups and names that would disturb a record are left out, and their number is bounded.
 */
import { createHash } from "node:crypto";
import type { IssuerSpec, TokenRule } from "../model/issuer-spec.ts";
import { NO_GROUPS, type Principal } from "../model/principal.ts";
import { isPlainText } from "../std/plain-text.ts";
import type { JsonObject } from "../std/unambiguous-json.ts";
import { valuesAt } from "./claim-path.ts";

const NAME_MAX = 128;
const MOST_GROUPS = 200;

/** `claims` were judged: there is a subject. */
export function principalOf(claims: JsonObject, { issuer, name, groups }: IssuerSpec, { role, models }: TokenRule): Principal {
	const subject = String(claims["sub"]);
	const id = `tok_${createHash("sha256").update(`${issuer}\n${subject}`).digest("hex").slice(0, 20)}`;
	const called = [...valuesAt(claims, name), subject].find((text) => isPlainText(text, NAME_MAX)) ?? id;
	return Object.freeze({
		kind: "access-token",
		id,
		name: called,
		role,
		models,
		groups: groups === null ? NO_GROUPS : groupsIn(claims, groups),
	});
}

function groupsIn(claims: JsonObject, path: string): readonly string[] {
	const printable = valuesAt(claims, path).filter((group) => isPlainText(group, NAME_MAX));
	if (printable.length === 0) return NO_GROUPS;
	return Object.freeze([...new Set(printable)].toSorted().slice(0, MOST_GROUPS));
}

export function isSamePrincipal(one: Principal, other: Principal): boolean {
	return (
		one.id === other.id &&
		one.name === other.name &&
		one.role === other.role &&
		isSameList(one.models, other.models) &&
		isSameList(one.groups, other.groups)
	);
}

function isSameList(one: readonly string[] | null, other: readonly string[] | null): boolean {
	if (one === null || other === null) return one === other;
	return one.length === other.length && one.every((text, at) => text === other[at]);
}
