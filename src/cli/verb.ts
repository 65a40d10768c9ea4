/**
 * How a verb is added to the command line: a name, a line of help, and a function that gets what was typed and answers with an exit code.
 *
 * Verbs import little at the top and the rest when they run: listing keys should not wait for the whole server to load.
 */
import { Command } from "commander";

import type { ExitCode } from "./exit-codes.ts";
import type { GlobalOptions, Surroundings } from "./surroundings.ts";

/** One invocation of the program, from its words to its exit code. */
export interface Session {
	readonly surroundings: Surroundings;
	/** Set by the verb that ran. */
	exitCode: ExitCode | null;
}

export interface Invocation<Options> {
	/** Global ones included. */
	readonly options: Options;
	/** What follows the verb and is no option. */
	readonly words: readonly string[];
	readonly surroundings: Surroundings;
}

export type Run<Options> = (invocation: Invocation<Options>) => Promise<ExitCode>;

/** `nameAndWords` in commander's notation: `explain <path>`. */
export function addVerb<Options extends GlobalOptions>(
	parent: Command,
	session: Session,
	nameAndWords: string,
	description: string,
	run: Run<Options>,
): Command {
	return parent
		.command(nameAndWords)
		.description(description)
		.action(async (...given: readonly unknown[]) => {
			const command = given.findLast((one) => one instanceof Command);
			if (command === undefined) throw new Error("commander hands the command to its action");
			session.exitCode = await run({
				options: command.optsWithGlobals<Options>(),
				words: command.args,
				surroundings: session.surroundings,
			});
		});
}
