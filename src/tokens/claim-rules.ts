/**
 * What a token is good for: the first rule whose claim has a value that fits.
 *
 *  - `*` stands for any run of characters; nothing else is special, and letter case counts.
 *  - `email` counts only where the issuer says that it has verified it (`email_verified`): elsewhere people write there what they like, the address of
 *    somebody else included.
 *  - No rule that fits is no access: being known to the issuer is not being let in here.
 */
import { glob } from "../std/glob.ts";
import type { JsonObject } from "../std/unambiguous-json.ts";
import { valuesAt } from "./claim-path.ts";
import type { TokenRule } from "./issuer-spec.ts";

export type RuleMatcher = (claims: JsonObject) => TokenRule | null;

/** Compiled once a configuration. */
export function ruleMatcher(rules: readonly TokenRule[]): RuleMatcher {
	const compiled = rules.map((rule) => ({ rule, globs: rule.values.map(glob) }));
	return (claims) => {
		for (const { rule, globs } of compiled) {
			if (rule.claim === "email" && claims["email_verified"] !== true && claims["email_verified"] !== "true") continue;
			if (valuesAt(claims, rule.claim).some((value) => globs.some((matches) => matches(value)))) return rule;
		}
		return null;
	};
}
