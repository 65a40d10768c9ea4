/** `config explain PATH`: what a setting does, its default, and what becomes less safe with it. */
import type { Command } from "commander";

import { EXIT, type ExitCode } from "../exit-codes.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { printable, table } from "../terminal.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function defineConfigExplain(parent: Command, session: Session): void {
	addVerb(parent, session, "explain <path>", "say what a setting does: limits.body, gateway.tls.mode", configExplain);
}

async function configExplain({ options, words: [path = ""], surroundings: { terminal } }: Invocation<GlobalOptions>): Promise<ExitCode> {
	const { explainSetting } = await import("../../config/explain.ts");
	const explained = explainSetting(path);
	if ("suggestion" in explained) {
		terminal.error(`there is no setting "${printable(path)}"`, explained.suggestion);
		return EXIT.usage;
	}
	if (options.json === true) {
		terminal.object(explained);
		return EXIT.done;
	}
	const rows = [
		["setting", explained.path],
		["type", explained.type],
		["default", explained.required ? "none: it has to be written" : written(explained.default)],
		...(explained.example === undefined ? [] : [["example", written(explained.example)]]),
	];
	for (const line of table(rows)) terminal.line(line);
	terminal.line();
	terminal.line(explained.description);
	if (explained.risk !== null) terminal.line(`risk: ${explained.risk}`);
	return EXIT.done;
}

function written(value: unknown): string {
	return value === undefined ? "none" : typeof value === "string" ? value : JSON.stringify(value);
}
