import { examinePasswords } from "../../app/examine-passwords.ts";
import { policyOf } from "../../app/settings.ts";
import { defineCheck, ok, skipped, warn } from "./check.ts";

const BETTER = "set such a password anew with htpasswd -B -C 10, or better: give each program a key of its own";

export const passwords = defineCheck({
	id: "passwords",
	title: "passwords",
	async examine({ config }) {
		if (config === null) return [skipped("the configuration has to be mended first")];
		const spec = config.identities.htpasswd;
		if (spec === null) return [skipped("no htpasswd file is configured, so nobody has a password")];
		const policy = policyOf(config);
		const { users, findings } = await examinePasswords(spec, (name) => policy.role(name) !== null);
		return [ok(`${users} users in ${spec.file}`), ...findings.map((finding) => warn(finding, BETTER))];
	},
});
