/** `key revoke`: at once and for good. Needs no sound configuration: a stolen key must not wait for a typing error to be mended. */
import type { Command } from "commander";

import { EXIT, type ExitCode } from "../exit-codes.ts";
import { keyIdOf, reportKeyProblem } from "../key-text.ts";
import { openAdministration } from "../open-administration.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { printable } from "../terminal.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function defineKeyRevoke(parent: Command, session: Session): void {
	addVerb(parent, session, "revoke <id>", "revoke a key, at once and for good", keyRevoke);
}

async function keyRevoke({ options, words: [id = ""], surroundings }: Invocation<GlobalOptions>): Promise<ExitCode> {
	const { terminal } = surroundings;
	await using administration = await openAdministration(options, surroundings, { create: false });
	const revoked = await administration.revokeKey(keyIdOf(id));
	if (!revoked.done) return reportKeyProblem(revoked.problem, terminal);
	const { key, warning } = revoked.value;
	if (warning !== null) terminal.warn(warning, "run: rempart doctor");
	if (options.json === true) terminal.object(key);
	else terminal.line(`revoked ${key.id} (${printable(key.name)})`);
	return EXIT.done;
}
