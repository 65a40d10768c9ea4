/** What an operator should know about how callers and administrators are let in, before a server reads it: `config check`. */
import type { Config } from "../config/config.ts";
import { readCertificateRules } from "./certificate-door.ts";
import { examinePasswords } from "./examine-passwords.ts";
import { assertProxyRoles } from "./identities.ts";
import { signInSettingsOf } from "./open-sign-in.ts";
import { policyOf } from "./settings.ts";
import { issuerSpecsOf } from "./tokens.ts";

/** What is weak in a file of users. Throws a HintedError where a server would not start with what is written; nobody is asked over a network. */
export async function examineIdentities(config: Config): Promise<readonly string[]> {
	const policy = policyOf(config);
	const isRole = (name: string): boolean => policy.role(name) !== null;
	const { identities, admin } = config;
	assertProxyRoles(config, isRole);
	await readCertificateRules(config, isRole);
	await issuerSpecsOf(identities.tokens, isRole);
	if (admin.signIn !== null) await signInSettingsOf(admin.signIn);
	return identities.htpasswd === null ? [] : (await examinePasswords(identities.htpasswd, isRole)).findings;
}
