import { problemText } from "../../config/problem.ts";
import { defineCheck, fail, ok, warn } from "./check.ts";

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
