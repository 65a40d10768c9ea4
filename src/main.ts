/** The process: hands its streams, environment and signals to the command line, and its answer to the shell. The only place that may exit. */
import { homedir } from "node:os";

import { run } from "./cli/program.ts";
import { Terminal } from "./cli/terminal.ts";

for (const stream of [process.stdout, process.stderr]) {
	stream.on("error", (error: NodeJS.ErrnoException) => {
		// `rempart events | head`: whoever read has what it wanted.
		if (error.code === "EPIPE") process.exit(0);
		throw error;
	});
}

process.exitCode = await run(process.argv.slice(2), {
	terminal: new Terminal(process.stdout, process.stderr, process.env),
	environment: process.env,
	execArgv: process.execArgv,
	nodeVersion: process.versions.node,
	uid: process.getuid?.() ?? null,
	home: homedir(),
	clock: Date.now,
	onSignal: (signal, handler) => void process.on(signal, handler),
	exitNow: (code) => process.exit(code),
});
