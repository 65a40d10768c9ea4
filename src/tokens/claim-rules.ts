/**
 * What a token is good for: the first rule whose claim has a value that fits.
 *
 *  - `*` stands for any run of characters; nothing else is special, and letter case counts.
 *  - `email` counts only where the issuer has verified it.
 *  - No rule that fits is no access: being known to the issuer is not being let in here.
 */

import type { TokenRule } from "../model/issuer-spec.ts";
import { glob } from "../std/glob.ts";
import type { JsonObject } from "../std/unambiguous-json.ts";
import { valuesAt } from "./claim-path.ts";
import { verifiedAddress } from "./verified-address.ts";

export type RuleMatcher = (claims: JsonObject) => TokenRule | null;

/** Compiled once a configuration. */
export function ruleMatcher(rules: readonly TokenRule[]): RuleMatcher {
	const compiled = rules.map((rule) => ({ rule, globs: rule.values.map(glob) }));
	return (claims) => {
		for (const { rule, globs } of compiled) {
			if (ruleValues(claims, rule.claim).some((value) => globs.some((matches) => matches(value)))) return rule;
		}
		return null;
	};
}

/** What a rule on this claim looks at. */
export function ruleValues(claims: JsonObject, path: string): readonly string[] {
	if (path !== "email") return valuesAt(claims, path);
	const address = verifiedAddress(claims);
	return address === null ? [] : [address];
}
