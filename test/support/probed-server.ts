/**
 * A server whose held memory a test can ask for: `serve` as its own process, with a probe loaded beside it that collects garbage first.
 *
 *     const server = await ProbedServer.start(context, upstream.url);
 *     const { heap, buffers } = await server.held();
 */
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

import { type Held, isHeld } from "./memory-probe.ts";
import { ServerProcess } from "./server-process.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const PROBE = fileURLToPath(new URL("./memory-probe.ts", import.meta.url));

export interface Load {
	readonly connections: number;
	readonly requests: number;
	readonly streams: number;
	readonly queued: number;
}

export class ProbedServer {
	readonly server: ServerProcess;
	readonly #lines: Interface;
	#said = "";

	private constructor(server: ServerProcess) {
		const { stdout, stderr } = server.child;
		if (stdout === null || stderr === null) throw new Error("the server's output is not piped");
		this.server = server;
		this.#lines = createInterface({ input: stdout });
		stderr.on("data", (chunk: Buffer) => {
			this.#said += chunk.toString();
		});
	}

	static async start(context: TestContext, upstream: string): Promise<ProbedServer> {
		const wrap = ([node = "", ...rest]: string[]): string[] => [node, "--expose-gc", "--import", PROBE, ...rest];
		const stateDirectory = temporaryDirectory(context);
		return new ProbedServer(await ServerProcess.start(context, { stateDirectory, upstream, drainTimeout: "0s", wrap }));
	}

	/** What it has complained of so far, such as of too many listeners on one object. */
	get said(): string {
		return this.#said;
	}

	async held(): Promise<Held> {
		for (;;) {
			const line = once(this.#lines, "line");
			this.server.child.kill("SIGUSR2");
			const [said]: unknown[] = await line;
			const held: unknown = JSON.parse(String(said));
			if (isHeld(held)) return held;
		}
	}

	async load(): Promise<Load> {
		const { load } = (await this.server.admin.get("/v1/status")).json() as { readonly load: Load };
		return load;
	}
}
