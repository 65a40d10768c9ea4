/**
 * The whole server as a process of its own, as `serve --json` runs it: for tests that kill it, take its disk away, or put another in its place.
 *
 *     const server = await ServerProcess.start(context, { stateDirectory, upstream: upstream.url });
 *     await server.kill();
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

import type { Event } from "../../src/model/event.ts";
import { SocketAsk } from "./socket-ask.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
/** Half of a start is compiling, and these tests start often. Entries are found by their content, so a changed source is compiled anew. */
const COMPILE_CACHE = fileURLToPath(new URL("../../node_modules/.cache/rempart-tests", import.meta.url));

export interface ServeOptions {
	/** As the process sees it. */
	readonly stateDirectory: string;
	/** The same directory for this process, where that differs. */
	readonly seen?: string;
	readonly upstream: string;
	/** 0, the default, lets the system choose. */
	readonly port?: number;
	/** Lets another server listen on the same port. */
	readonly reusePort?: boolean;
	readonly drainTimeout?: string;
	/** Further sections of the configuration. */
	readonly yaml?: string;
	/** Makes the command that runs the process, such as one in a namespace of its own. */
	readonly wrap?: (command: string[]) => string[];
}

export interface Numbered {
	readonly seq: number;
	readonly event: Event;
}

/** How a process ended, and what it said. */
export interface Ended {
	readonly code: number | null;
	readonly signal: NodeJS.Signals | null;
	readonly out: string;
	readonly err: string;
}

export class ServerProcess {
	readonly child: ChildProcess;
	readonly admin: SocketAsk;
	readonly ended: Promise<Ended>;
	readonly #ready: Promise<Ready>;
	#url = "";
	#adminUrl = "";
	#keys = 0;

	private constructor(context: TestContext, options: ServeOptions) {
		const { stateDirectory, seen = stateDirectory, wrap = (command) => command } = options;
		const words = ["--state", stateDirectory, "--config", configFile(context, options), "--json", "serve"];
		this.child = spawnNode(wrap([process.execPath, MAIN, ...words]));
		this.admin = new SocketAsk(join(seen, "admin.sock"));
		this.ended = outcomeOf(this.child);
		context.after(async () => {
			this.child.kill("SIGKILL");
			await this.ended;
		});
		this.#ready = readyOf(this.child);
	}

	/** Resolves when it serves; rejects with what it said where it ends instead. */
	static async start(context: TestContext, options: ServeOptions): Promise<ServerProcess> {
		const server = ServerProcess.spawn(context, options);
		const early = server.ended.then((ended) => {
			throw new Error(`the server ended before it was ready: ${JSON.stringify(ended)}`);
		});
		const ready = await Promise.race([server.#ready, early]);
		// From here on an end is what the test is about.
		early.catch(() => undefined);
		server.#url = ready.gateway;
		server.#adminUrl = ready.admin;
		return server;
	}

	/** Not waited for: one that is killed on its way up, or that is to refuse to start. */
	static spawn(context: TestContext, options: ServeOptions): ServerProcess {
		return new ServerProcess(context, options);
	}

	get port(): number {
		return Number(new URL(this.#url).port);
	}

	get adminUrl(): string {
		return this.#adminUrl;
	}

	/** `kill -9`; resolves when it is gone. */
	async kill(): Promise<void> {
		this.child.kill("SIGKILL");
		await this.ended;
	}

	/** SIGTERM: drains. Resolves when it has ended by itself. */
	async stop(): Promise<Ended> {
		this.child.kill("SIGTERM");
		return await this.ended;
	}

	/** The text of a new key. */
	async createKey(role: string, name = `key ${++this.#keys} of ${this.child.pid}`): Promise<string> {
		const made = await this.admin.post("/v1/keys", { name, role });
		if (made.status !== 201) throw new Error(`creating a key: ${made.status} ${made.text}`);
		const { key } = made.json() as { key: string };
		return key;
	}

	/** Of what came after `afterSeq`, the newest ten thousand. */
	async events(afterSeq = 0, query = ""): Promise<readonly Numbered[]> {
		const answer = await this.admin.get(`/v1/events?afterSeq=${afterSeq}&limit=10000${query}`);
		if (answer.status !== 200) throw new Error(`reading events: ${answer.status} ${answer.text}`);
		const { events } = answer.json() as { events: readonly Numbered[] };
		return events;
	}
}

/** Another verb as a process of its own, to its end. */
export async function runVerb(words: readonly string[], wrap = (command: string[]): string[] => command): Promise<Ended> {
	return await outcomeOf(spawnNode(wrap([process.execPath, MAIN, ...words])));
}

export function keyIdOf(key: string): string {
	return key.split("_")[2] ?? "";
}

interface Ready {
	readonly gateway: string;
	readonly admin: string;
}

/** Without what the test runner tells its own children: they would take the server for a test. */
function spawnNode([file = "", ...rest]: readonly string[]): ChildProcess {
	const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
	return spawn(file, rest, { stdio: ["ignore", "pipe", "pipe"], env: { ...env, NODE_COMPILE_CACHE: COMPILE_CACHE } });
}

/** Pending where it ends without having said so. */
function readyOf({ stdout }: ChildProcess): Promise<Ready> {
	return new Promise((resolve) => {
		let rest = "";
		stdout?.on("data", (chunk: Buffer) => {
			const lines = (rest + chunk.toString()).split("\n");
			rest = lines.pop() ?? "";
			for (const line of lines) {
				const said: unknown = JSON.parse(line);
				if (isReady(said)) resolve(said);
			}
		});
	});
}

function isReady(said: unknown): said is Ready {
	return typeof said === "object" && said !== null && "event" in said && said.event === "ready" && "gateway" in said && "admin" in said;
}

async function outcomeOf(child: ChildProcess): Promise<Ended> {
	const said = { out: "", err: "" };
	child.stdout?.on("data", (chunk: Buffer) => void (said.out += chunk.toString()));
	child.stderr?.on("data", (chunk: Buffer) => void (said.err += chunk.toString()));
	await once(child, "close");
	return { code: child.exitCode, signal: child.signalCode, ...said };
}

function configFile(
	context: TestContext,
	{ upstream, port = 0, reusePort = false, drainTimeout = "30s", yaml = "" }: ServeOptions,
): string {
	const file = join(temporaryDirectory(context), "rempart.yaml");
	const lines = [
		`gateway: { listen: "127.0.0.1:${port}", reuse_port: ${reusePort}, tls: { mode: off } }`,
		'admin: { listen: "127.0.0.1:0" }',
		`upstreams: [{ name: up, url: "${upstream}" }]`,
		`limits: { drain_timeout: ${drainTimeout} }`,
		"admission: { concurrency: { per_model: unlimited }, requests_per_minute: 10000000, burst: 100000 }",
		yaml,
	];
	writeFileSync(file, `${lines.join("\n")}\n`);
	return file;
}
