/** Turns what commander says about wrong usage into our two lines. */
import type { CommanderError } from "commander";

export interface UsageError {
	readonly message: string;
	readonly hint: string;
}

/** Commander's text is `error: unknown option '--jsn'`, with its suggestion on a second line in brackets. */
export function usageErrorOf(error: CommanderError, verb: string): UsageError {
	const [first = "", ...rest] = error.message.split("\n");
	const suggestion = /^\(Did you mean (?:one of )?(.+)\?\)$/.exec(rest.join(" ").trim())?.[1];
	const help = `see the usage with: rempart ${verb === "" ? "" : `${verb} `}--help`;
	return {
		message: first
			.replace(/^error: /, "")
			.replace(/\. Expected .*$/, "")
			.replace(/\.$/, ""),
		hint: suggestion === undefined ? help : `did you mean ${suggestion}? ${help}`,
	};
}
