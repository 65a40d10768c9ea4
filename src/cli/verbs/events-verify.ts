/** `events verify`: reads the whole log beside whoever writes it. A log that was altered is exit code 1. */
import type { Command } from "commander";

import { EXIT, type ExitCode } from "../exit-codes.ts";
import { shownMoment } from "../lifetime.ts";
import { stateDirectoryOf } from "../state.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function defineEventsVerify(parent: Command, session: Session): void {
	addVerb(parent, session, "verify", "check that nobody altered the record", eventsVerify);
}

async function eventsVerify({ options, surroundings }: Invocation<GlobalOptions>): Promise<ExitCode> {
	const { verifyEvents } = await import("../../app/verify-events.ts");
	const { terminal } = surroundings;
	// On the file and not through the server: it may be the server that is not trusted, and its loop has better things to do.
	const verified = await verifyEvents(stateDirectoryOf(options, surroundings));
	if (options.json === true) terminal.object(verified);
	else if (verified.intact) {
		const { records, sealedUpTo, since, prunedAt } = verified;
		const begins = since === null ? "" : ` from ${since.seq} (${shownMoment(since.at)}) on`;
		terminal.line(`the record is intact: ${records} events${begins}, sealed up to ${sealedUpTo}`);
		if (prunedAt !== null) terminal.line(`what was before was removed on ${shownMoment(prunedAt)}, as events.retention says`);
	} else {
		for (const { seq, problem } of verified.problems) terminal.line(`event ${seq}: ${problem}`);
		terminal.error(
			`the record was altered or damaged after ${verified.records} events`,
			"keep a copy of the state directory, and compare it with a backup",
		);
	}
	return verified.intact ? EXIT.done : EXIT.no;
}
