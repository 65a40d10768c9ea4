/** `key create`: the key alone on standard output, so that `KEY=$(rempart key create …)` works; what it is on standard error. */
import type { Command } from "commander";

import { EXIT, type ExitCode } from "../exit-codes.ts";
import { showIssuedKey } from "../issued-key.ts";
import { reportKeyProblem } from "../key-text.ts";
import { lifetimeOf } from "../lifetime.ts";
import { openAdministration } from "../open-administration.ts";
import type { GlobalOptions } from "../surroundings.ts";
import { addVerb, type Invocation, type Session } from "../verb.ts";

interface Options extends GlobalOptions {
	readonly name: string;
	readonly role: string;
	readonly models?: string;
	readonly expires?: string;
}

export function defineKeyCreate(parent: Command, session: Session): void {
	addVerb<Options>(parent, session, "create", "make a key and show it, this once", keyCreate)
		.requiredOption("--name <name>", "what lists and records call it, such as 'laptop of ada'")
		.requiredOption("--role <role>", "whose rights it has: reader, user, operator, admin or a configured one")
		.option("--models <globs>", "models that it may use, narrower than the role: 'llama3.2:*,qwen*'")
		.option("--expires <time>", "after how long it stops working: 30d (default: never)");
}

async function keyCreate({ options, surroundings }: Invocation<Options>): Promise<ExitCode> {
	const { terminal, clock } = surroundings;
	const models = options.models === undefined ? null : options.models.split(",").map((glob) => glob.trim());
	const expiresAt = options.expires === undefined ? null : clock() + lifetimeOf("--expires", options.expires);
	await using administration = await openAdministration(options, surroundings, { create: true });
	const created = await administration.createKey({ name: options.name, role: options.role, models, expiresAt });
	if (!created.done) return reportKeyProblem(created.problem, terminal);
	showIssuedKey(created.value, options, terminal);
	return EXIT.done;
}
