/** `key rotate`: a new secret for a key; the old one works on for a while, so that clients can be changed one by one. */
import type { Command } from "commander";

import { EXIT, type ExitCode } from "../exit-codes.ts";
import { showIssuedKey } from "../issued-key.ts";
import { keyIdOf, reportKeyProblem } from "../key-text.ts";
import { lifetimeOf } from "../lifetime.ts";
import { openAdministration } from "../open-administration.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

interface Options extends GlobalOptions {
	readonly overlap: string;
}

export function defineKeyRotate(parent: Command, session: Session): void {
	addVerb<Options>(parent, session, "rotate <id>", "give a key a new secret and show it, this once", keyRotate).option(
		"--overlap <time>",
		"how long the old secret works on; 0s for one that leaked",
		"24h",
	);
}

async function keyRotate({ options, words: [id = ""], surroundings }: Invocation<Options>): Promise<ExitCode> {
	const overlapMs = lifetimeOf("--overlap", options.overlap, { min: "0s", max: "366d" });
	await using administration = await openAdministration(options, surroundings, { create: false });
	const rotated = await administration.rotateKey(keyIdOf(id), overlapMs);
	if (!rotated.done) return reportKeyProblem(rotated.problem, surroundings.terminal);
	showIssuedKey(rotated.value, options, surroundings.terminal);
	return EXIT.done;
}
