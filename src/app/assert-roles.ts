import { HintedError } from "../std/hinted-error.ts";

/** Throws a HintedError for a role that is neither built in nor configured: whoever had it would be refused everything, and nobody would know why. */
export function assertRoles(setting: string, names: Iterable<string>, isRole: (name: string) => boolean): void {
	const unknown = [...new Set(names)].filter((name) => !isRole(name));
	if (unknown.length > 0)
		throw new HintedError(`${setting}: there is no role ${unknown.join(", ")}`, "name a built-in role, or add one under roles");
}
