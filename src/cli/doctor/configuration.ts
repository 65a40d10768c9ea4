import { problemText } from "../../config/problem.ts";
import type { SignInConfig } from "../../config/sign-in.ts";
import { defineCheck, type Finding, fail, ok, warn } from "./check.ts";

export const configuration = defineCheck({
	id: "configuration",
	title: "configuration",
	examine({ configFile, config, configProblems, configDigest, server }) {
		if (config === null) return configProblems.map((problem) => fail(problemText(problem), problem.hint));
		const found = [ok(configFile === null ? "no file, and none is needed: the defaults are in force" : configFile)];
		if (server !== null && server.configFile === configFile && server.configDigest !== configDigest) {
			found.push(warn(`${configFile ?? "it"} was changed after the running server read it`, `have it read again: kill -HUP ${server.pid}`));
		}
		const { gateway, admin } = config;
		if (gateway.tls.mode === "off") {
			found.push(
				warn(
					"gateway.tls.mode is off: keys and prompts travel in clear",
					"set it to local-ca or files, unless a proxy on this machine does TLS",
				),
			);
		}
		if (admin.insecureRemote) {
			found.push(
				warn(
					"admin.insecure_remote is true: metrics and health can be read from other machines",
					"set it to false, or keep the port closed to strangers",
				),
			);
		}
		for (const advice of signInAdvice(admin.signIn)) found.push(advice);
		const unseen = config.forwardAuth.insecureUnseen;
		if (unseen.length > 0) {
			found.push(
				warn(
					`forward_auth.insecure_unseen lets ${unseen.join(", ")} pass without the rules about models, parameters and known attacks`,
					"put Rempart behind the proxy, where they hold: rempart proxy KIND --behind",
				),
			);
		}
		return found;
	},
});

function signInAdvice(signIn: SignInConfig | null): readonly Finding[] {
	if (signIn === null) return [];
	const found: Finding[] = [];
	if (!signIn.rules.some(({ role }) => role === "admin")) {
		found.push(
			warn("admin.sign_in.rules make nobody an admin", "add a rule with role: admin, unless that is for the server's own user alone"),
		);
	}
	for (const { claim, matches } of signIn.rules) {
		if (claim !== "preferred_username" && claim !== "name" && claim !== "nickname") continue;
		found.push(
			warn(
				`admin.sign_in.rules let people in by ${claim} (${matches}), which many providers let them choose themselves`,
				"name them by groups, by sub, or by a verified email",
			),
		);
	}
	return found;
}
