/** The process: hands its streams, environment and signals to the command line, and its answer to the shell. The only place that may exit. */
import { homedir } from "node:os";
import { text } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";

import { run } from "./cli/program.ts";
import { Terminal } from "./cli/terminal.ts";

// Where objects of one place in the code outlive a collection or two, V8 allocates later ones among the old at once. Requests do, because their answers
// wait for the disk; but they do not live long, and a full collection for each hundred megabytes of them cost a third of our processor time.
setFlagsFromString("--no-allocation-site-pretenuring");

// `rempart events | head`, or a terminal that was closed: whoever read is gone. What follows what happens ends then; a server goes on without words,
// because the requests that it serves are not the reader's.
const outputLost = Promise.withResolvers<void>();
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => outputLost.resolve());

const code = await run(process.argv.slice(2), {
	terminal: new Terminal(process.stdout, process.stderr, process.env),
	environment: process.env,
	execArgv: process.execArgv,
	nodeVersion: process.versions.node,
	uid: process.getuid?.() ?? null,
	home: homedir(),
	clock: Date.now,
	readInput: () => text(process.stdin),
	outputLost: outputLost.promise,
	onSignal: (signal, handler) => void process.on(signal, handler),
	exitNow: (code) => process.exit(code),
});

// The answer is given, so the process ends, whatever a failed start has left open; but not before the words are out.
process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
