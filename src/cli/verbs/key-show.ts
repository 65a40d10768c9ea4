import type { Command } from "commander";

import { EXIT, type ExitCode } from "../exit-codes.ts";
import { keyIdOf, keyLines, reportKeyProblem } from "../key-text.ts";
import { openAdministration } from "../open-administration.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function defineKeyShow(parent: Command, session: Session): void {
	addVerb(parent, session, "show <id>", "show one key, without its secret", keyShow);
}

async function keyShow({ options, words: [id = ""], surroundings }: Invocation<GlobalOptions>): Promise<ExitCode> {
	const { terminal } = surroundings;
	await using administration = await openAdministration(options, surroundings, { create: false });
	const shown = await administration.showKey(keyIdOf(id));
	if (!shown.done) return reportKeyProblem(shown.problem, terminal);
	if (options.json === true) terminal.object(shown.value);
	else for (const line of keyLines(shown.value)) terminal.line(line);
	return EXIT.done;
}
