/** `principal add`: enrols the public key that an `ollama` program signs with, so that it works unmodified with OLLAMA_AUTH=1. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";

import { HintedError } from "../../std/hinted-error.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { addGrantOptions, type GrantOptions, grantOf } from "../grant.ts";
import { reportKeyProblem } from "../key-text.ts";
import { openAdministration } from "../open-administration.ts";
import { principalLines } from "../principal-text.ts";
import type { Surroundings } from "../surroundings.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

interface Options extends GrantOptions {
	readonly ollamaKey: string;
}

export function definePrincipalAdd(parent: Command, session: Session): void {
	const verb = addVerb<Options>(parent, session, "add", "enrol the key of somebody's ollama program", principalAdd);
	addGrantOptions(verb, { name: "laptop of ada", lifetime: null }).requiredOption(
		"--ollama-key <file>",
		"their ~/.ollama/id_ed25519.pub, or - for standard input",
	);
}

async function principalAdd({ options, surroundings }: Invocation<Options>): Promise<ExitCode> {
	const { terminal, clock } = surroundings;
	const grant = grantOf(options, clock());
	const ollamaKey = await textOf(options.ollamaKey, surroundings);
	await using administration = await openAdministration(options, surroundings, { create: true });
	const added = await administration.addPrincipal({ ...grant, ollamaKey });
	if (!added.done) return reportKeyProblem(added.problem, terminal);
	if (options.json === true) terminal.object(added.value);
	else {
		for (const line of principalLines(added.value)) terminal.note(line);
		terminal.note("on that machine, with tls/ca.pem of this server's state directory copied there:");
		terminal.line("OLLAMA_AUTH=1 OLLAMA_HOST=https://HOST:PORT SSL_CERT_FILE=ca.pem ollama list");
	}
	return EXIT.done;
}

async function textOf(file: string, surroundings: Surroundings): Promise<string> {
	if (file === "-") return await surroundings.readInput();
	try {
		return await readFile(file, "utf8");
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new HintedError(`the public key cannot be read: ${why}`, "name the file id_ed25519.pub of their ~/.ollama, or - and pipe it in", {
			cause,
		});
	}
}
