/**
 * What a token is good for: the first rule whose claim has a value that fits.
 *
 *  - `*` stands for any run of characters; nothing else is special, and letter case counts.
 *  - `email` counts only where the issuer says that it has verified it (`email_verified`): elsewhere people write there what they like, the address of
 *    somebody else included.
 *  - No rule that fits is no access: being known to the issuer is not being let in here.
 *  - Matching goes forward only, so a hostile value costs no more than its length.
 */
import type { JsonObject } from "../std/unambiguous-json.ts";
import { valuesAt } from "./claim-path.ts";
import type { TokenRule } from "./issuer-spec.ts";

export type RuleMatcher = (claims: JsonObject) => TokenRule | null;

/** Compiled once a configuration. */
export function ruleMatcher(rules: readonly TokenRule[]): RuleMatcher {
	const compiled = rules.map((rule) => ({ rule, globs: rule.values.map(globOf) }));
	return (claims) => {
		for (const { rule, globs } of compiled) {
			if (rule.claim === "email" && claims["email_verified"] !== true && claims["email_verified"] !== "true") continue;
			if (valuesAt(claims, rule.claim).some((value) => globs.some((matches) => matches(value)))) return rule;
		}
		return null;
	};
}

function globOf(pattern: string): (text: string) => boolean {
	const [first = "", ...rest] = pattern.split("*");
	if (rest.length === 0) return (text) => text === first;
	const last = rest.pop() ?? "";
	return (text) => {
		if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
		let from = first.length;
		for (const piece of rest) {
			const found = text.indexOf(piece, from);
			if (found === -1) return false;
			from = found + piece.length;
		}
		return from <= text.length - last.length;
	};
}
