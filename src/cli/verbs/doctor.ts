/** `doctor`: is everything as it should be, and if not, what to do. A failed check is exit code 1. */
import type { Command } from "commander";

import { EXIT, type ExitCode } from "../exit-codes.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { printable, type Style, type Terminal } from "../terminal.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function defineDoctor(parent: Command, session: Session): void {
	addVerb(parent, session, "doctor", "say whether everything is as it should be, and if not, what to do", doctor);
}

async function doctor({ options, surroundings }: Invocation<GlobalOptions>): Promise<ExitCode> {
	const [{ CHECKS }, { examine, patientOf }] = await Promise.all([import("../doctor/checks.ts"), import("../doctor/examine.ts")]);
	const { terminal } = surroundings;
	terminal.progress("examining …");
	const findings = await examine(CHECKS, await patientOf(options, surroundings));
	for (const finding of findings) {
		if (options.json === true) terminal.object(finding);
		else show(finding, CHECKS.find(({ id }) => id === finding.check)?.title ?? finding.check, terminal);
	}
	return findings.some(({ level }) => level === "fail") ? EXIT.no : EXIT.done;
}

const STYLES = { ok: "green", warn: "yellow", fail: "red", skipped: "dim" } as const satisfies Record<string, Style>;

function show(
	{ level, text, next }: { readonly level: keyof typeof STYLES; readonly text: string; readonly next: string | null },
	title: string,
	terminal: Terminal,
): void {
	terminal.line(`${terminal.paint(STYLES[level], level.padEnd(7))}  ${title.padEnd(15)}  ${printable(text)}`);
	if (next !== null) terminal.line(`${" ".repeat(26)}${printable(next)}`);
}
