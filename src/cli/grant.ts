/** What a new key and a new principal are given: the options that `key create`, `principal add` and `enroll` share. */
import type { Command } from "commander";

import type { NewKeyRequest } from "../keys/new-key-request.ts";
import { lifetimeOf } from "./lifetime.ts";
import type { GlobalOptions } from "./surroundings.ts";

export interface GrantOptions extends GlobalOptions {
	readonly name: string;
	readonly role: string;
	readonly models?: string;
	readonly group?: readonly string[];
	readonly expires?: string;
}

/** `lifetime`: where nothing else is asked; null for ever. */
export function addGrantOptions(
	command: Command,
	{ name, lifetime }: { readonly name: string; readonly lifetime: string | null },
): Command {
	return command
		.requiredOption("--name <name>", `what lists and records call it, such as '${name}'`)
		.requiredOption("--role <role>", "whose rights it has: reader, user, operator, admin or a configured one")
		.option("--models <globs>", "models that it may use, narrower than the role: 'llama3.2:*,qwen*'")
		.option("--group <name>", "a group that it is in; once for each", gathered)
		.option("--expires <time>", `after how long it stops working: 30d (default: ${lifetime ?? "never"})`);
}

/** Commander hands over what came before, and nothing at the first. */
function gathered(group: string, before: readonly string[] | undefined): readonly string[] {
	return before === undefined ? [group] : [...before, group];
}

/** Throws a HintedError where the time is none. */
export function grantOf({ name, role, models, group = [], expires }: GrantOptions, now: number): Omit<NewKeyRequest, "by"> {
	return {
		name,
		role,
		models: models === undefined ? null : models.split(",").map((glob) => glob.trim()),
		groups: group,
		expiresAt: expires === undefined ? null : now + lifetimeOf("--expires", expires),
	};
}

/** How lists show what was given. */
export function shownModels({ models }: Pick<NewKeyRequest, "models">): string {
	return models === null ? "as its role" : models.length === 0 ? "none" : models.join(",");
}
