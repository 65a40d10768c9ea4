/**
 * Which principal a certificate of an outside authority is: the first rule one of whose names fits.
 *
 *  - `*` stands for characters that do not end a part of the name: neither `@` nor `/`, and for what is split by dots any number of labels.
 *  - Host names and addresses of mail are compared without letter case, as they are everywhere; the rest as it stands.
 *  - A name with characters that cannot be printed fits nothing: it would go into records.
 */
import type { CertificateNames } from "../../ports/certificate-ring.ts";
import { isPlainText } from "../../std/plain-text.ts";

export interface CertificateRule {
	readonly field: keyof CertificateNames;
	readonly matches: string;
	readonly role: string;
	readonly models: readonly string[] | null;
}

export interface RuleMatch {
	readonly rule: CertificateRule;
	/** The name that fits, as it stands in the certificate. */
	readonly name: string;
}

const NAME_MAX = 256;

/** Compiled once a configuration. */
export type RuleMatcher = (names: CertificateNames) => RuleMatch | null;

export function ruleMatcher(rules: readonly CertificateRule[]): RuleMatcher {
	const compiled = rules.map((rule) => ({ rule, pattern: patternOf(rule) }));
	return (names) => {
		for (const { rule, pattern } of compiled) {
			const name = names[rule.field].find((text) => isPlainText(text, NAME_MAX) && pattern.test(text));
			if (name !== undefined) return { rule, name };
		}
		return null;
	};
}

function patternOf({ field, matches }: CertificateRule): RegExp {
	const source = matches
		.split("*")
		.map((literal) => literal.replaceAll(/[\\^$.|?*+()[\]{}/]/g, "\\$&"))
		.join("[^@/]+");
	return new RegExp(`^${source}$`, field === "dns" || field === "email" ? "iu" : "u");
}
