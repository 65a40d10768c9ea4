/** `config check`: every problem of the configuration with its line, column and source, or that there is none. */
import type { Command } from "commander";

import type { Config } from "../../config/config.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import type { GlobalOptions, ListenOptions } from "../surroundings.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function defineConfigCheck(parent: Command, session: Session): void {
	addVerb(parent, session, "check", "say everything that is wrong with the configuration", configCheck);
}

async function configCheck({ options, surroundings }: Invocation<GlobalOptions & ListenOptions>): Promise<ExitCode> {
	const { readConfiguration, reportProblems } = await import("../configuration.ts");
	const { terminal } = surroundings;
	const { file, loading } = await readConfiguration(options, surroundings);
	if ("problems" in loading) {
		if (options.json === true) for (const problem of loading.problems) terminal.object(problem);
		else await reportProblems(loading.problems, file, terminal);
		return EXIT.usage;
	}
	const { findings, advice } = await examined(loading.config);
	if (options.json === true) terminal.object({ ok: true, file, digest: loading.digest, findings: [...findings, ...advice] });
	else terminal.line(file === null ? "there is no configuration file, and none is needed: the defaults are in force" : `${file} is right`);
	for (const finding of findings) terminal.warn(`identities.htpasswd: ${finding}`, null);
	for (const finding of advice) terminal.warn(`identities.tokens: ${finding}`, null);
	return EXIT.done;
}

/** Throws a HintedError where a server would not start with what is written; no provider is asked. */
async function examined(config: Config): Promise<{ readonly findings: readonly string[]; readonly advice: readonly string[] }> {
	const [{ examineIdentities }, { adviceOn }] = await Promise.all([
		import("../../app/examine-identities.ts"),
		import("../doctor/identity-providers.ts"),
	]);
	return { findings: await examineIdentities(config), advice: config.identities.tokens.flatMap(adviceOn).map(({ text }) => text) };
}
