/** Starts store-child.ts and listens to what it says was acknowledged. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("./store-child.ts", import.meta.url));

export class StoreProcess {
	readonly child: ChildProcess;
	readonly events: string[] = [];
	readonly keys: string[] = [];
	/** `refused …` and `available`, as they came. */
	readonly spells: string[] = [];
	stderr = "";
	#listeners: (() => void)[] = [];
	#ended = false;

	/** `wrap` makes the command that runs the child, such as one in a namespace of its own. */
	constructor(
		context: TestContext,
		options: { readonly directory: string; readonly name: string; readonly wrap?: (command: string[]) => string[] },
	) {
		const [file = "", ...rest] = (options.wrap ?? ((command) => command))([process.execPath, CHILD, options.directory, options.name]);
		this.child = spawn(file, rest, { stdio: ["pipe", "pipe", "pipe"] });
		context.after(() => this.child.kill("SIGKILL"));
		if (this.child.stdout !== null) createInterface({ input: this.child.stdout }).on("line", (line) => this.#hear(line));
		this.child.stderr?.on("data", (chunk: Buffer) => {
			this.stderr += chunk.toString();
		});
		this.child.once("close", () => {
			this.#ended = true;
			this.#tell();
		});
	}

	/** Resolves as soon as `isSo`; rejects when the process ends before. */
	async until(isSo: () => boolean): Promise<void> {
		while (!isSo()) {
			if (this.#ended) throw new Error(`the process ended too early: ${this.stderr}`);
			await new Promise<void>((resolve) => this.#listeners.push(resolve));
		}
	}

	/** `kill -9`; resolves when all that it had said is heard. */
	async kill(): Promise<void> {
		this.child.kill("SIGKILL");
		await this.closed();
	}

	/** Lets it finish. */
	async end(): Promise<void> {
		this.child.stdin?.end();
		await this.closed();
	}

	async closed(): Promise<void> {
		if (!this.#ended) await once(this.child, "close");
	}

	#hear(line: string): void {
		const [kind = "", value = ""] = line.split(/ (.*)/s);
		if (kind === "event") this.events.push(value);
		else if (kind === "key") this.keys.push(value);
		else this.spells.push(line);
		this.#tell();
	}

	#tell(): void {
		for (const listener of this.#listeners.splice(0)) listener();
	}
}
