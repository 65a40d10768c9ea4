/**
 * Rempart as it is delivered: events on disk, metrics, policy, virtual patches, limits; only the limits on how much is let in are raised.
 *
 *  - Started by its own command line, and its key made by it: what is measured is what an operator gets.
 *  - Everything that costs a request stays at its default. `off` for TLS is the one exception, on loopback, to compare with a proxy without TLS.
 */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import type { Surroundings, Target } from "./target.ts";

const START_MS = 30_000;
const ROOM = 100_000;
const run = promisify(execFile);

export interface RempartVariant {
	readonly name: "rempart" | "rempart-tls";
	readonly tls: boolean;
	/** Where the profile goes when the server stops; null for none. */
	readonly profileFolder: string | null;
}

export async function startRempart(root: string, variant: RempartVariant, surroundings: Surroundings): Promise<Target> {
	const { children, core, certificate } = surroundings;
	const folder = join(surroundings.folder, variant.name);
	const state = join(folder, "state");
	const file = join(folder, "rempart.yaml");
	mkdirSync(state, { recursive: true, mode: 0o700 });
	// JSON is YAML.
	writeFileSync(file, JSON.stringify(configuration(variant, surroundings), null, "\t"));
	const profiling = variant.profileFolder === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${variant.profileFolder}`];
	const main = join(root, "src", "main.ts");
	const server = children.start({
		name: variant.name,
		program: process.execPath,
		args: [...profiling, main, "serve", "--config", file, "--state", state, "--json"],
		core,
	});
	const url = await readyUrl(() => server.nextLine(START_MS));
	const made = await run(process.execPath, [
		main,
		"key",
		"create",
		"--name",
		"bench",
		"--role",
		"user",
		"--config",
		file,
		"--state",
		state,
		"--json",
	]);
	return {
		name: variant.name,
		pid: server.pid,
		host: "127.0.0.1",
		port: Number(url.port),
		trusted: variant.tls ? certificate.authority : null,
		authorization: `Bearer ${textAt(JSON.parse(made.stdout), "key")}`,
		fields: [],
		rewritten: false,
		most: null,
		stop: () => server.stop(),
	};
}

/** Whole sections, in the words of the configuration file. */
export function configuration({ tls }: Pick<RempartVariant, "tls">, { upstreamPort, certificate }: Surroundings): object {
	return {
		gateway: {
			listen: "127.0.0.1:0",
			tls: tls ? { mode: "files", certificate: certificate.certificate, key: certificate.key } : { mode: "off" },
		},
		admin: { listen: "127.0.0.1:0" },
		upstreams: [{ name: "scripted", url: `http://127.0.0.1:${upstreamPort}` }],
		upstream: { max_idle_connections: 1024 },
		limits: {
			connections: { total: ROOM, per_address: ROOM, unauthenticated_per_address: ROOM },
			requests_per_connection: 1_000_000,
			drain_timeout: "1s",
		},
		admission: {
			concurrency: { total: ROOM, per_key: ROOM, per_model: "unlimited" },
			requests_per_minute: 100_000_000,
			burst: 100_000_000,
		},
	};
}

/** The first lines may be notices; the one that counts says where the gateway is. */
export async function readyUrl(nextLine: () => Promise<string>): Promise<URL> {
	for (;;) {
		const said: unknown = JSON.parse(await nextLine());
		if (textAt(said, "event") === "ready") return new URL(textAt(said, "gateway"));
	}
}

function textAt(value: unknown, name: string): string {
	const text: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
	if (typeof text !== "string") throw new Error(`no "${name}" in ${JSON.stringify(value)}`);
	return text;
}
