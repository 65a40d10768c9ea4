import type { Command } from "commander";

import type { ExitCode } from "../exit-codes.ts";
import { addListenOptions } from "../listen-options.ts";
import type { ServingOptions } from "../serving.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function defineUp(parent: Command, session: Session): void {
	addListenOptions(
		addVerb<ServingOptions>(parent, session, "up", "start here: protect the Ollama of this machine, and say how to use it", up),
	);
}

async function up({ options, surroundings }: Invocation<ServingOptions>): Promise<ExitCode> {
	const [{ serveUntilStopped }, { welcome }] = await Promise.all([import("../serving.ts"), import("../up-welcome.ts")]);
	return await serveUntilStopped(options, surroundings, {
		demonstration: "when-absent",
		firstKey: true,
		welcome: (server, about) => welcome(server, about, options, surroundings),
	});
}
