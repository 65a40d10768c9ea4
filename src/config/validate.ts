/**
 * Turns plain values into a configuration, or into all mistakes at once: in values, in keys, and between settings.
 *
 * Zod finds what is wrong with single values. Rules between settings need a whole configuration, so they are applied to the values with the
 * mistaken ones taken out (their defaults stand in), and only where they look at none of those. Nothing that was repaired so is ever returned.
 */
import type * as z from "zod";

import { type Config, configSchema } from "./config.ts";
import { configJsonSchema, type JsonSchema } from "./json-schema.ts";
import type { SettingPath } from "./problem.ts";
import { RULES } from "./rules.ts";
import { unknownKeyHint } from "./settings.ts";
import { type Mistake, parted } from "./values/mistake.ts";

export interface SettingMistake extends Mistake {
	readonly path: SettingPath;
	/** Which of the two to point at. */
	readonly at: "key" | "value";
}

export type Validated = { readonly config: Config } | { readonly mistakes: readonly SettingMistake[] };

export function validate(value: unknown): Validated {
	const parsed = configSchema.safeParse(value);
	if (parsed.success) {
		const mistakes = brokenRules(parsed.data);
		return mistakes.length === 0 ? { config: frozen(parsed.data) } : { mistakes };
	}
	const mistakes = mistakesOf(parsed.error.issues);
	const repaired = repairedConfig(value, mistakes);
	return { mistakes: repaired === undefined ? mistakes : [...mistakes, ...brokenRules(repaired, mistakes)] };
}

const EMPTY_IS_FINE = 'write sections and settings as "key: value", one a line; an empty file means all defaults';

/** Mistakes between settings; rules that look at one of the `known` mistakes are left out. */
export function brokenRules(config: Config, known: readonly SettingMistake[] = []): readonly SettingMistake[] {
	return RULES.filter(({ needs }) => !needs.some((need) => known.some(({ path }) => related(need, path)))).flatMap(({ check }) =>
		check(config).map((mistake) => ({ ...mistake, at: "value" as const })),
	);
}

/** Nothing changes a configuration that is in force; a reload makes a new one. */
export function frozen<T>(value: T): T {
	if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
		Object.freeze(value);
		for (const inner of Object.values(value)) frozen(inner);
	}
	return value;
}

function mistakesOf(issues: readonly z.core.$ZodIssue[]): readonly SettingMistake[] {
	// Making the schema takes longer than all the rest, and only unknown keys need it.
	const schema = issues.some(({ code }) => code === "unrecognized_keys") ? configJsonSchema() : {};
	return issues.flatMap((issue) => mistakesIn(issue, schema));
}

function mistakesIn(issue: z.core.$ZodIssue, schema: JsonSchema): readonly SettingMistake[] {
	const path = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
	if (issue.code === "unrecognized_keys") {
		return issue.keys.map((key) => ({
			path: [...path, key],
			at: "key",
			message: "is not a setting",
			hint: unknownKeyHint(schema, path, key),
		}));
	}
	if (issue.code === "invalid_union") {
		// `orUnlimited` puts the bound last; its complaint says more than that of the word.
		const { message, hint } = parted(issue.errors.at(-1)?.[0]?.message ?? issue.message);
		return [{ path, at: "value", message, hint: `${hint}, or the word unlimited` }];
	}
	if (path.length === 0) return [{ path, at: "value", message: "the file is not a mapping of settings", hint: EMPTY_IS_FINE }];
	return [{ path, at: issue.code === "custom" && issue.params?.["at"] === "key" ? "key" : "value", ...parted(issue.message) }];
}

/** The configuration with mistaken settings left out; undefined where that does not make it whole. */
function repairedConfig(value: unknown, mistakes: readonly SettingMistake[]): Config | undefined {
	let paths = mistakes.map(({ path }) => path);
	let rest = value;
	// Each round takes something out, and what it takes out lies nearer to the top than before; six levels are the deepest there are.
	for (let round = 0; round < 8; round++) {
		rest = paths.reduce(without, rest);
		const parsed = configSchema.safeParse(rest);
		if (parsed.success) return parsed.data;
		paths = parsed.error.issues.map(({ path }) => path.map((step) => (typeof step === "number" ? step : String(step))));
	}
	return undefined;
}

/** A copy without what lies at `path`: a list goes as a whole, so that no index moves; where nothing lies there, what should hold it goes. */
function without(value: unknown, path: SettingPath): unknown {
	const [step, ...rest] = path;
	if (step === undefined || typeof step === "number" || !isMapping(value)) return undefined;
	const { [step]: inner, ...others } = value;
	if (inner === undefined) return undefined;
	const kept = rest.length === 0 ? undefined : without(inner, rest);
	return kept === undefined ? others : { ...others, [step]: kept };
}

/** Whether one path lies within the other. */
function related(one: SettingPath, other: SettingPath): boolean {
	return one.slice(0, other.length).every((step, at) => step === other[at]);
}

function isMapping(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
