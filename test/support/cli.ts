/** The command line in this process, with everything around it made of plain values. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

import type { ExitCode } from "../../src/cli/exit-codes.ts";
import { run } from "../../src/cli/program.ts";
import type { Surroundings } from "../../src/cli/surroundings.ts";
import { Terminal } from "../../src/cli/terminal.ts";

export interface Transcript {
	readonly code: ExitCode;
	readonly out: string;
	readonly err: string;
}

export interface FakeWorld {
	readonly surroundings: Surroundings;
	readonly out: () => string;
	readonly err: () => string;
	signal(name: "SIGINT" | "SIGTERM" | "SIGHUP"): void;
}

export function fakeWorld(changes: Partial<Surroundings> = {}, isTTY = false): FakeWorld {
	const written = { out: "", err: "" };
	const handlers = new Map<string, (() => void)[]>();
	const environment = changes.environment ?? {};
	const surroundings: Surroundings = {
		terminal: new Terminal(
			{ isTTY, write: (text) => void (written.out += text) },
			{ isTTY, write: (text) => void (written.err += text) },
			environment,
		),
		environment,
		execArgv: [],
		nodeVersion: "26.10.0",
		uid: process.getuid?.() ?? null,
		home: "/nonexistent",
		clock: Date.now,
		readInput: () => Promise.resolve(""),
		outputLost: new Promise(() => undefined),
		onSignal: (name, handler) => void handlers.set(name, [...(handlers.get(name) ?? []), handler]),
		exitNow: () => undefined,
		...changes,
	};
	return {
		surroundings,
		out: () => written.out,
		err: () => written.err,
		signal: (name) => {
			for (const handler of handlers.get(name) ?? []) handler();
		},
	};
}

/** Runs a verb to its end. */
export async function rempart(words: readonly string[], changes: Partial<Surroundings> = {}): Promise<Transcript> {
	const world = fakeWorld(changes);
	const code = await run(words, world.surroundings);
	return { code, out: world.out(), err: world.err() };
}

/** A folder that is gone after the test. */
export async function folder(t: Pick<TestContext, "after">): Promise<string> {
	const directory = await mkdtemp(join(tmpdir(), "rempart-cli-"));
	t.after(() => rm(directory, { recursive: true, force: true }));
	return directory;
}
