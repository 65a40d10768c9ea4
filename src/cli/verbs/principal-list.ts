import type { Command } from "commander";

import { EXIT, type ExitCode } from "../exit-codes.ts";
import { openAdministration } from "../open-administration.ts";
import { principalTable } from "../principal-text.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

interface Options extends GlobalOptions {
	readonly all?: boolean;
}

export function definePrincipalList(parent: Command, session: Session): void {
	addVerb<Options>(parent, session, "list", "list the enrolled principals", principalList).option("--all", "removed and expired ones too");
}

async function principalList({ options, surroundings }: Invocation<Options>): Promise<ExitCode> {
	const { terminal, clock } = surroundings;
	await using administration = await openAdministration(options, surroundings, { create: false });
	const principals = (await administration.listPrincipals()).filter(({ state }) => options.all === true || state === "active");
	if (options.json === true) for (const principal of principals) terminal.object(principal);
	else if (principals.length === 0) {
		terminal.note("nobody is enrolled; enrol with: rempart principal add --name NAME --role user --ollama-key ~/.ollama/id_ed25519.pub");
	} else for (const line of principalTable(principals, clock())) terminal.line(line);
	return EXIT.done;
}
