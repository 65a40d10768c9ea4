/**
 * `principal remove`: at once and for good, running answers included. Needs no sound configuration, as for keys. Takes an id, or the serial number of a
 * certificate as it stands in the certificate: who finds a lost one knows nothing else.
 */
import type { Command } from "commander";

import { plainSerial } from "../../keys/certificates/plain-serial.ts";
import { isPrincipalId } from "../../keys/enrolled/principal-admin.ts";
import type { Administration } from "../administration.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { reportKeyProblem } from "../key-text.ts";
import { openAdministration } from "../open-administration.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { printable } from "../terminal.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function definePrincipalRemove(parent: Command, session: Session): void {
	addVerb(parent, session, "remove <id-or-serial>", "remove an enrolled principal, at once and for good", principalRemove);
}

async function principalRemove({ options, words: [id = ""], surroundings }: Invocation<GlobalOptions>): Promise<ExitCode> {
	const { terminal } = surroundings;
	await using administration = await openAdministration(options, surroundings, { create: false });
	const removed = await administration.removePrincipal(isPrincipalId(id) ? id : await idBySerial(administration, id));
	if (!removed.done) return reportKeyProblem(removed.problem, terminal);
	const { principal, warning } = removed.value;
	if (warning !== null) terminal.warn(warning, "run: rempart doctor");
	if (options.json === true) terminal.object(principal);
	else terminal.line(`removed ${principal.id} (${printable(principal.name)})`);
	return EXIT.done;
}

/** What is no serial number of theirs stays as it was typed, and is unknown. */
async function idBySerial(administration: Administration, text: string): Promise<string> {
	const serial = plainSerial(text);
	const holder =
		serial === null ? undefined : (await administration.listPrincipals()).find(({ credential }) => credential.serial === serial);
	return holder?.id ?? text;
}
