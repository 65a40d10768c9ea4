/**
 * The processes that a bench starts, each pinned to one core, and the end of all of them.
 *
 *  - Whatever ends the bench ends them: `dispose` politely, and the exit of this process by force.
 *  - A child that ends before it was told to fails whoever waits for a line of it, with the last that it said on standard error.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Readable, type Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

const STOP_MS = 5_000;
const KEPT_CHARACTERS = 4_000;

export interface Child {
	readonly pid: number;
	/** The next line of standard output. Rejects when the child ends or takes longer than that. */
	nextLine(timeoutMs: number): Promise<string>;
	send(line: string): void;
	/** Throws with what it said last where it is gone. */
	assertRunning(): void;
	stop(): Promise<void>;
}

export interface Command {
	readonly name: string;
	readonly program: string;
	readonly args: readonly string[];
	readonly core: number;
	readonly cwd?: string;
	/** In the place of this process's own. */
	readonly env?: Readonly<Record<string, string | undefined>>;
	/** Its standard output is a log: read, so that it never waits for a reader, and kept for when it fails. There are no lines to wait for then. */
	readonly logs?: boolean;
}

export class Children {
	readonly #running = new Set<PinnedChild>();

	constructor() {
		process.on("exit", () => {
			for (const child of this.#running) child.kill();
		});
	}

	start(command: Command): Child {
		const child = new PinnedChild(command, () => this.#running.delete(child));
		this.#running.add(child);
		return child;
	}

	get running(): ReadonlySet<Child> {
		return new Set<Child>(this.#running);
	}

	async stopAll(): Promise<void> {
		await Promise.all([...this.#running].map((child) => child.stop()));
	}
}

class PinnedChild implements Child {
	readonly #name: string;
	readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
	readonly #lines: AsyncIterator<string>;
	#said = "";

	constructor({ name, program, args, core, cwd, env, logs = false }: Command, onEnd: () => void) {
		this.#name = name;
		// taskset replaces itself by the program, so the child's pid is the program's.
		this.#process = spawn("taskset", ["--cpu-list", String(core), program, ...args], { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
		this.#process.once("close", onEnd);
		this.#process.once("error", (error) => this.#hear(error.message));
		this.#process.stdin.on("error", (error) => this.#hear(error.message));
		this.#process.stderr.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
		if (logs) this.#process.stdout.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
		this.#lines = createInterface({ input: logs ? Readable.from([]) : this.#process.stdout })[Symbol.asyncIterator]();
	}

	get pid(): number {
		const { pid } = this.#process;
		if (pid === undefined) throw new Error(`${this.#name} did not start: ${this.#said}`);
		return pid;
	}

	async nextLine(timeoutMs: number): Promise<string> {
		const late = new AbortController();
		try {
			const line = await Promise.race([this.#lines.next(), sleep(timeoutMs, null, { signal: late.signal }).catch(() => null)]);
			if (line === null) throw new Error(`${this.#name} said nothing for ${timeoutMs / 1000} s`);
			if (line.done === true) {
				await this.#ended();
				throw new Error(`${this.#name} ended by itself\n${this.#said}`.trimEnd());
			}
			return line.value;
		} finally {
			late.abort();
		}
	}

	send(line: string): void {
		this.#process.stdin.write(`${line}\n`);
	}

	assertRunning(): void {
		const { exitCode, signalCode } = this.#process;
		if (exitCode !== null || signalCode !== null) throw new Error(`${this.#name} ended by itself\n${this.#said}`.trimEnd());
	}

	async stop(): Promise<void> {
		if (this.#process.pid === undefined) return;
		this.#process.kill("SIGTERM");
		if (await Promise.race([this.#ended(), sleep(STOP_MS, false, { ref: false })])) return;
		this.#process.kill("SIGKILL");
		await this.#ended();
	}

	/** SIGTERM to a running nginx ends its worker as well; SIGKILL would leave it alone on its port. */
	kill(): void {
		this.#process.kill("SIGTERM");
	}

	async #ended(): Promise<boolean> {
		if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, "exit");
		return true;
	}

	#hear(text: string): void {
		this.#said = (this.#said + text).slice(-KEPT_CHARACTERS);
	}
}
