/**
 * The configuration file: text in, configuration or every mistake in it out.
 *
 *  - Pure, and total: no text makes it throw.
 *  - All mistakes at once, in the order of the lines. Only where the text is not YAML at all, nothing further is said about it.
 *  - A mistake never turns into a default. A setting that is not written has the default of its section's file; an empty text has all of them.
 */
import type { Config } from "./config.ts";
import type { Problem } from "./problem.ts";
import { pathText } from "./problem.ts";
import { validate } from "./validate.ts";
import { readYaml } from "./yaml-source.ts";

export type ParsedConfig = { readonly config: Config } | { readonly problems: readonly Problem[] };

/** A file that is wrong throughout, a binary one for instance, need not fill a terminal. */
const MOST_PROBLEMS = 100;

/** `fileName` is for the problems alone; nothing is read. */
export function parseConfig(text: string, fileName: string): ParsedConfig {
	const source = readYaml(text);
	const problems: Problem[] = source.mistakes.map((mistake) => ({ file: fileName, ...mistake }));
	if (source.value !== undefined) {
		const validated = validate(source.value);
		if ("config" in validated && problems.length === 0) return validated;
		// What could not be read is left out of the values, and would be called missing where it may not be.
		const reported = new Set(problems.map(({ path }) => path));
		for (const { path, at, message, hint } of "mistakes" in validated ? validated.mistakes : []) {
			if (!reported.has(pathText(path))) problems.push({ file: fileName, ...source.locate(path, at), path: pathText(path), message, hint });
		}
	}
	return { problems: shortened(problems.toSorted((a, b) => a.line - b.line || a.column - b.column)) };
}

function shortened(problems: readonly Problem[]): readonly Problem[] {
	const next = problems[MOST_PROBLEMS];
	if (next === undefined) return problems;
	const message = `${problems.length - MOST_PROBLEMS} further problems follow from here`;
	return [...problems.slice(0, MOST_PROBLEMS), { ...next, path: "", message, hint: "correct the ones above first" }];
}
