/** Whether events can be written and whether what was written still stands. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { verifyChain } from "../../stores/sqlite/verify-chain.ts";
import { defineCheck, type Finding, fail, ok, skipped } from "./check.ts";

/** A long log is verified whole by `events verify`; here as far as a person waits. */
const VERIFY_MS = 5000;

export const eventLog = defineCheck({
	id: "event-log",
	title: "event log",
	async examine({ server, stateDirectory }) {
		const writable: readonly Finding[] =
			server === null || server.eventLogAvailable
				? []
				: [
						fail(
							`the running server refuses every request: ${server.eventLogProblem ?? "the event log cannot be written"}`,
							"make room where the state directory lies, or make it writable; the server recovers by itself",
						),
					];
		return [...writable, await verified(stateDirectory)];
	},
});

async function verified(directory: string): Promise<Finding> {
	if (!existsSync(join(directory, "events.db"))) return skipped("there is none yet");
	const signal = AbortSignal.timeout(VERIFY_MS);
	try {
		const { ok: intact, events, sealedSeq, firstProblem } = await verifyChain({ directory, signal });
		if (intact) return ok(`intact: ${events} events, sealed up to ${sealedSeq}`);
		return fail(
			`event ${firstProblem?.seq}: ${firstProblem?.what}`,
			"keep a copy of the state directory; somebody altered it, or the disk did",
		);
	} catch (error) {
		if (signal.aborted) return ok("no damage in what could be read in 5 s; read all of it with: rempart events verify");
		throw error;
	}
}
