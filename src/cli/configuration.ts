/**
 * Which configuration this invocation has: `--config`, else `/etc/rempart/rempart.yaml` where that exists, else the defaults; then flags, else
 * variables, laid over it.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { type LoadedConfig, loadConfig } from "../app/running-settings.ts";
import type { ConfigOverrides } from "../config/override.ts";
import { type Problem, problemText } from "../config/problem.ts";
import { HintedError } from "../std/hinted-error.ts";
import { sourceExcerpt } from "./source-excerpt.ts";
import type { GlobalOptions, ListenOptions, Surroundings } from "./surroundings.ts";
import type { Terminal } from "./terminal.ts";

export const SYSTEM_FILE = "/etc/rempart/rempart.yaml";

export interface Configuration {
	/** Null where there is no file. */
	readonly file: string | null;
	readonly overrides: ConfigOverrides;
	readonly loading: LoadedConfig | { readonly problems: readonly Problem[] };
}

/** Throws a HintedError where a file that was asked for cannot be read; mistakes in it are in `loading`. */
export async function readConfiguration(options: GlobalOptions & ListenOptions, { environment }: Surroundings): Promise<Configuration> {
	const file = options.config !== undefined ? resolve(options.config) : existsSync(SYSTEM_FILE) ? SYSTEM_FILE : null;
	const overrides = {
		listen: options.listen ?? filled(environment["REMPART_LISTEN"]),
		admin: options.admin ?? filled(environment["REMPART_ADMIN"]),
		upstream: options.upstream ?? filled(environment["REMPART_UPSTREAM"]),
	};
	try {
		return { file, overrides, loading: await loadConfig(file, overrides) };
	} catch (cause) {
		// A file that the configuration names says itself what is wrong with it.
		if (cause instanceof HintedError) throw cause;
		const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
		throw new HintedError(
			`the configuration ${file ?? ""} cannot be read: ${why}`,
			"check the path and its mode, or leave --config out for the defaults",
			{ cause },
		);
	}
}

/** The configuration, or null when its problems were reported. */
export async function soundConfiguration(
	options: GlobalOptions & ListenOptions,
	surroundings: Surroundings,
): Promise<(Configuration & { readonly loading: LoadedConfig }) | null> {
	const { loading, ...rest } = await readConfiguration(options, surroundings);
	if ("config" in loading) return { ...rest, loading };
	await reportProblems(loading.problems, rest.file, surroundings.terminal);
	return null;
}

/** Every problem with its place in the file, the line itself and what to do. */
export async function reportProblems(problems: readonly Problem[], file: string | null, terminal: Terminal): Promise<void> {
	const text = file === null ? "" : await readFile(file, "utf8").catch(() => "");
	for (const problem of problems) {
		const excerpt = sourceExcerpt(text, problem.line, problem.column);
		terminal.error(`${problemText(problem)}${excerpt === "" ? "" : `\n${excerpt}`}`, problem.hint === "" ? null : problem.hint);
	}
}

function filled(text: string | undefined): string | undefined {
	return text === "" ? undefined : text;
}
