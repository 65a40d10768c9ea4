import type { Command } from "commander";

import { EXIT, type ExitCode } from "../exit-codes.ts";
import { keyTable } from "../key-text.ts";
import { openAdministration } from "../open-administration.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

interface Options extends GlobalOptions {
	readonly all?: boolean;
}

export function defineKeyList(parent: Command, session: Session): void {
	addVerb<Options>(parent, session, "list", "list the keys, without their secrets", keyList).option(
		"--all",
		"revoked and expired ones too",
	);
}

async function keyList({ options, surroundings }: Invocation<Options>): Promise<ExitCode> {
	const { terminal, clock } = surroundings;
	await using administration = await openAdministration(options, surroundings, { create: false });
	const keys = (await administration.listKeys()).filter(({ state }) => options.all === true || state === "active");
	if (options.json === true) for (const key of keys) terminal.object(key);
	else if (keys.length === 0) terminal.note("there is no key; make one with: rempart key create --name NAME --role user");
	else for (const line of keyTable(keys, clock())) terminal.line(line);
	return EXIT.done;
}
