/**
 * Runs the tests: `npm test`, or `npm test -- src/wire --test-name-pattern=chunk`.
 *
 * Folders and files name which tests; anything that begins with a hyphen goes to the runtime's test runner as it is.
 */
import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

/** No test comes near it: what hangs has to be a failure with a name, not a run that somebody kills. */
const LIMITS = ["--test-timeout=180000", `--import=${new URL("test-limit.ts", import.meta.url).href}`];
const EVERYTHING = ["src/**/*.test.ts", "test/**/*.test.ts", "tools/**/*.test.ts"];

export function testArguments(rest: readonly string[]): readonly string[] {
	const flags = rest.filter((word) => word.startsWith("-"));
	const named = rest
		.filter((word) => !word.startsWith("-"))
		.map((word) => (isFolder(word) ? `${word.replace(/\/$/, "")}/**/*.test.ts` : word));
	const reporter = flags.some((flag) => flag.startsWith("--test-reporter")) ? [] : ["--test-reporter=./tools/test-reporter.ts"];
	// One file for each core: by default the runtime keeps one core free, which on a machine with two means no concurrency at all.
	const concurrency = flags.some((flag) => flag.startsWith("--test-concurrency")) ? [] : [`--test-concurrency=${availableParallelism()}`];
	return ["--test", ...LIMITS, ...reporter, ...concurrency, ...flags, ...(named.length === 0 ? EVERYTHING : named)];
}

function isFolder(path: string): boolean {
	return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

if (import.meta.main) {
	const { NODE_TEST_CONTEXT: _, ...env } = process.env;
	const child = spawn(process.execPath, testArguments(process.argv.slice(2)), {
		cwd: fileURLToPath(new URL("..", import.meta.url)),
		env,
		stdio: "inherit",
	});
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
	child.on("exit", (code) => {
		process.exitCode = code ?? 1;
	});
}
