/** Runs the machine's own curl, and says how it ended and what it wrote. */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Curled {
	/** curl's own meaning: 18 a partial answer, 22 with `-f` a status of 400 or more, 60 a certificate that is not trusted. */
	readonly exit: number | null;
	readonly output: string;
	/** With `-v` also the heads. */
	readonly errors: string;
}

/** Rejects where there is no curl. */
export function curl(args: readonly string[], input?: string | Buffer): Promise<Curled> {
	return startCurl(args, input).done;
}

export interface RunningCurl {
	/** The next piece of output. */
	read(): Promise<string>;
	kill(): void;
	readonly done: Promise<Curled>;
}

export function startCurl(args: readonly string[], input?: string | Buffer): RunningCurl {
	// No configuration file, no progress meter, errors told; no proxy of the environment between two ends of loopback.
	const child = spawn("curl", ["-q", "-sS", "--noproxy", "*", ...args], { stdio: ["pipe", "pipe", "pipe"] });
	const written = { output: "", errors: "" };
	child.stdout.setEncoding("utf8").on("data", (text: string) => (written.output += text));
	child.stderr.setEncoding("utf8").on("data", (text: string) => (written.errors += text));
	// A curl that was refused does not read what is left.
	child.stdin.on("error", () => undefined);
	child.stdin.end(input);
	return {
		read: async () => String((await once(child.stdout, "data"))[0]),
		kill: () => void child.kill("SIGKILL"),
		done: once(child, "close").then(() => ({ exit: child.exitCode, ...written })),
	};
}
