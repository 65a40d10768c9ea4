/**
 * From what the provider vouches for to a person with a role, or to nobody.
 *
 *  - The first rule that fits decides. No rule, no entry: being known to the provider is not being let in here.
 *  - Claims are read as for access tokens, so that one provider's claims are written in one way and a mail address counts where it is verified.
 */
import { createHash } from "node:crypto";

import type { AdminRule } from "../model/admin-role.ts";
import { plainText } from "../std/plain-text.ts";
import { ruleValues } from "../tokens/claim-rules.ts";
import { verifiedAddress } from "../tokens/verified-address.ts";
import type { Person } from "./person.ts";

export type Claims = Readonly<Record<string, unknown>>;

const NAME_MAX = 64;

/** Null where no rule fits. */
export function personOf(claims: Claims & { readonly iss: string; readonly sub: string }, rules: readonly AdminRule[]): Person | null {
	const rule = rules.find(({ claim, matches }) => ruleValues(claims, claim).some((value) => fits(matches, value)));
	if (rule === undefined) return null;
	const id = createHash("sha256").update(`${claims.iss}\n${claims.sub}`).digest("hex").slice(0, 16);
	return { id: `psn_${id}`, name: nameOf(claims), subject: claims.sub, role: rule.role };
}

/** Forward only, piece by piece: what a hostile value costs is bounded by its length. */
export function fits(pattern: string, value: string): boolean {
	const [first = "", ...rest] = pattern.split("*");
	const last = rest.pop();
	if (last === undefined) return value === first;
	if (!value.startsWith(first) || !value.endsWith(last) || value.length < first.length + last.length) return false;
	let middle = value.slice(first.length, value.length - last.length);
	for (const piece of rest) {
		const at = middle.indexOf(piece);
		if (at === -1 || /[@/]/.test(middle.slice(0, at))) return false;
		middle = middle.slice(at + piece.length);
	}
	return !/[@/]/.test(middle);
}

/** Shown in pages and records: without what would move a cursor or turn the writing direction. */
function nameOf(claims: Claims & { readonly sub: string }): string {
	const candidates = [claims["preferred_username"], verifiedAddress(claims), claims["name"], claims.sub];
	const name = candidates.find((one): one is string => typeof one === "string" && one.trim() !== "") ?? claims.sub;
	return plainText(name.normalize("NFC")).trim().slice(0, NAME_MAX);
}
