import { insecureFlags } from "../runtime-guard.ts";
import { defineCheck, fail, ok } from "./check.ts";

const NEEDED_MAJOR = 26;

export const runtime = defineCheck({
	id: "runtime",
	title: "runtime",
	examine({ surroundings }) {
		const { nodeVersion } = surroundings;
		const major = Number(nodeVersion.split(".")[0]);
		const version =
			major >= NEEDED_MAJOR
				? ok(`node ${nodeVersion}`)
				: fail(
						`node ${nodeVersion} is too old; ${NEEDED_MAJOR} is needed`,
						"start rempart by its own launcher, which brings the right one",
					);
		const flags = insecureFlags(surroundings).map(({ what, why }) =>
			fail(`${what}: ${why}`, "take it away; serve and up refuse to start with it"),
		);
		return [version, ...flags];
	},
});
