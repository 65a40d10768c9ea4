/** `key create`: the key alone on standard output, so that `KEY=$(rempart key create …)` works; what it is on standard error. */
import type { Command } from "commander";

import { EXIT, type ExitCode } from "../exit-codes.ts";
import { addGrantOptions, type GrantOptions, grantOf } from "../grant.ts";
import { showIssuedKey } from "../issued-key.ts";
import { reportKeyProblem } from "../key-text.ts";
import { openAdministration } from "../open-administration.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function defineKeyCreate(parent: Command, session: Session): void {
	const verb = addVerb<GrantOptions>(parent, session, "create", "make a key and show it, this once", keyCreate);
	addGrantOptions(verb, { name: "laptop of ada", lifetime: null });
}

async function keyCreate({ options, surroundings }: Invocation<GrantOptions>): Promise<ExitCode> {
	const { terminal, clock } = surroundings;
	const grant = grantOf(options, clock());
	await using administration = await openAdministration(options, surroundings, { create: true });
	const created = await administration.createKey(grant);
	if (!created.done) return reportKeyProblem(created.problem, terminal);
	showIssuedKey(created.value, options, terminal);
	return EXIT.done;
}
