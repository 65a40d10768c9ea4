/** `serve`: the gateway in production. Never a demonstration, no first key by itself, few words. */
import type { Command } from "commander";

import type { ExitCode } from "../exit-codes.ts";
import { addListenOptions } from "../listen-options.ts";
import { showReady } from "../ready.ts";
import type { ServingOptions } from "../serving.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

export function defineServe(parent: Command, session: Session): void {
	addListenOptions(
		addVerb<ServingOptions>(parent, session, "serve", "run the gateway in production: no demonstration, nothing made up", serve),
	);
}

async function serve({ options, surroundings }: Invocation<ServingOptions>): Promise<ExitCode> {
	const { serveUntilStopped } = await import("../serving.ts");
	const { terminal } = surroundings;
	return await serveUntilStopped(options, surroundings, {
		demonstration: "never",
		firstKey: false,
		welcome: (server) => {
			const { ready } = server;
			if (options.json === true) showReady(ready, terminal);
			else terminal.line(`rempart serves ${ready.gateway} before ${ready.upstream}; operators: ${ready.admin}`);
			return Promise.resolve(null);
		},
	});
}
