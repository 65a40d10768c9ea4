import type { Command } from "commander";

import { EXIT, type ExitCode } from "../exit-codes.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function defineConfigSchema(parent: Command, session: Session): void {
	addVerb(parent, session, "schema", "print the configuration's JSON Schema, for editors", configSchema);
}

async function configSchema({ options, surroundings: { terminal } }: Invocation<GlobalOptions>): Promise<ExitCode> {
	const { configJsonSchema } = await import("../../config/json-schema.ts");
	if (options.json === true) terminal.object(configJsonSchema());
	else terminal.line(JSON.stringify(configJsonSchema(), null, "\t"));
	return EXIT.done;
}
