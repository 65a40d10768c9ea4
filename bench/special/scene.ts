/** Starts what a special workload is played on: a gateway as `serve` delivers it, an upstream that plays, a load process. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Child } from "../children.ts";
import { configuration, readyUrl } from "../rempart.ts";
import { AdminAsk } from "./admin-ask.ts";
import type { SpecialSurroundings } from "./special.ts";

const START_MS = 60_000;

export interface GatewayOptions {
	readonly name: string;
	/** URL of what it protects. */
	readonly upstream: string;
	readonly tls?: boolean;
	/** Whole sections of the configuration, in the place of the bench's own. */
	readonly settings?: Readonly<Record<string, unknown>>;
	/** Of the runtime. */
	readonly flags?: readonly string[];
	/** A state directory that is there already. */
	readonly state?: string;
}

export interface SpecialGateway {
	readonly child: Child;
	readonly pid: number;
	readonly port: number;
	/** PEM file of the certificate to trust; null for clear text. */
	readonly trusted: string | null;
	readonly adminSocket: string;
	readonly admin: AdminAsk;
	/** Value of the Authorization field of a new key. */
	authorize(role: string): Promise<string>;
	stop(): Promise<void>;
}

/** Everything that costs a request stays as an operator gets it; how much is let in is raised, as in the rounds. */
export async function startGateway(options: GatewayOptions, around: SpecialSurroundings): Promise<SpecialGateway> {
	const { name, upstream, tls = false, settings = {}, flags = [] } = options;
	const folder = join(around.folder, name);
	const state = options.state ?? join(folder, "state");
	const file = join(folder, "rempart.yaml");
	mkdirSync(state, { recursive: true, mode: 0o700 });
	mkdirSync(folder, { recursive: true });
	const written = { ...configuration({ tls }, around), upstreams: [{ name: "played", url: upstream }], ...settings };
	// JSON is YAML.
	writeFileSync(file, JSON.stringify(written, null, "\t"));
	const child = around.children.start({
		name,
		program: process.execPath,
		args: [...flags, join(around.root, "src", "main.ts"), "serve", "--config", file, "--state", state, "--json"],
		core: around.core,
	});
	const url = await readyUrl(() => child.nextLine(START_MS));
	const adminSocket = join(state, "admin.sock");
	const admin = new AdminAsk(adminSocket);
	return {
		child,
		pid: child.pid,
		port: Number(url.port),
		trusted: tls ? around.certificate.authority : null,
		adminSocket,
		admin,
		authorize: async (role) => `Bearer ${await admin.createKey(role)}`,
		stop: async () => {
			admin.close();
			await child.stop();
		},
	};
}

export interface PlayedUpstream {
	readonly url: string;
	readonly port: number;
	readonly pid: number;
	stop(): Promise<void>;
}

export async function startUpstream(around: SpecialSurroundings, uploadBytesPerSecond: number | null = null): Promise<PlayedUpstream> {
	const child = startScript("played-upstream-process", around, uploadBytesPerSecond === null ? [] : [String(uploadBytesPerSecond)]);
	const port = await portOf(child);
	return { url: `http://127.0.0.1:${port}`, port, pid: child.pid, stop: () => child.stop() };
}

/** A process of this folder, on the load's core. */
export function startScript(name: string, around: SpecialSurroundings, args: readonly string[] = []): Child {
	const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
	return around.children.start({ name, program: process.execPath, args: [script, ...args], core: around.loadCore });
}

/** What a process says first that listens: `{"port":1234}`. */
export async function portOf(child: Child): Promise<number> {
	const said: unknown = JSON.parse(await child.nextLine(START_MS));
	const port: unknown = typeof said === "object" && said !== null ? Reflect.get(said, "port") : undefined;
	if (typeof port !== "number") throw new Error(`no port in ${JSON.stringify(said)}`);
	return port;
}
