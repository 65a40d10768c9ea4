/**
 * Loaded before the server (`--import …/part.ts?metrics`): puts the namesake of this folder in the place of one part of the server, and nothing else.
 *
 * So "everything on, minus one" is composed by the server's own composition root, and the server itself has no switch that turns a protection off.
 */
import { registerHooks } from "node:module";

/** The module that each part is in, below the project's directory. */
const PARTS: Readonly<Record<string, string>> = {
	events: "src/stores/sqlite/group-commit-log.ts",
	metrics: "src/admin/metrics.ts",
	record: "src/gateway/stages/record.ts",
	limits: "src/quota/admission.ts",
	patches: "src/policy/compile.ts",
};

const part = new URL(import.meta.url).search.slice(1);
const module = PARTS[part];
if (part !== "" && module === undefined) throw new Error(`there is no part "${part}" to leave out`);
const replaced = module === undefined ? null : new URL(`../../../${module}`, import.meta.url).href;
const replacement = new URL(`./${part}.ts`, import.meta.url).href;

registerHooks({
	resolve: (specifier, context, next) => {
		const resolved = next(specifier, context);
		// The replacement itself may build on what it stands for.
		return resolved.url === replaced && context.parentURL !== replacement ? { ...resolved, url: replacement } : resolved;
	},
});
