/**
 * A whole gateway in this process, on loopback, with a state directory of its own that is gone afterwards: the real thing as `serve` starts it.
 *
 *     await using gateway = await startGateway({ upstreams: [upstream.url] });
 *     const key = await gateway.createKey("user");
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/app/running-settings.ts";
import { type RunningServer, startServer } from "../../src/app/start-server.ts";
import type { Event, EventType } from "../../src/model/event.ts";
import { openStores } from "../../src/stores/sqlite/open-stores.ts";
import { SocketAsk } from "./socket-ask.ts";

export interface GatewayOptions {
	readonly upstreams: readonly string[];
	/** Further YAML sections. */
	readonly yaml?: string;
	/** Clear text is quicker; TLS is what users have. */
	readonly tls?: boolean;
	/** Kept when the gateway stops, for a second start. */
	readonly stateDirectory?: string;
}

export interface Gateway extends AsyncDisposable {
	readonly server: RunningServer;
	readonly url: string;
	readonly port: number;
	readonly adminUrl: string;
	readonly stateDirectory: string;
	readonly configFile: string;
	/** PEM of the local CA; "" in clear text. */
	readonly ca: string;
	readonly admin: SocketAsk;
	/** The text of a new key. */
	createKey(
		role: string,
		more?: {
			readonly name?: string;
			readonly models?: readonly string[];
			readonly groups?: readonly string[];
			readonly expiresAt?: number;
		},
	): Promise<string>;
	/** Everything recorded so far, oldest first. */
	events<T extends EventType>(type: T): Promise<readonly (Event & { readonly type: T })[]>;
}

let names = 0;

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
	const root = await mkdtemp(join(tmpdir(), "rempart-test-"));
	const stateDirectory = options.stateDirectory ?? join(root, "state");
	const configFile = join(root, "rempart.yaml");
	await writeFile(configFile, yamlOf(options));
	const loaded = await loadConfig(configFile, {});
	if ("problems" in loaded) throw new Error(JSON.stringify(loaded.problems, null, "\t"));
	const server = await startServer({
		loaded,
		overrides: {},
		stateDirectory,
		configFile,
		demonstration: "never",
		firstKey: false,
		clock: Date.now,
	});
	const url = new URL(server.ready.gateway);
	const admin = new SocketAsk(join(stateDirectory, "admin.sock"));
	return {
		server,
		url: server.ready.gateway,
		port: Number(url.port),
		adminUrl: server.ready.admin,
		stateDirectory,
		configFile,
		ca: server.ready.ca === null ? "" : await readFile(server.ready.ca, "utf8"),
		admin,
		async createKey(role, more = {}) {
			const made = await admin.post("/v1/keys", { name: `key ${++names}`, role, ...more });
			if (made.status !== 201) throw new Error(`creating a key: ${made.status} ${made.text}`);
			const { key } = made.json() as { key: string };
			return key;
		},
		async events(type) {
			const answer = await admin.get(`/v1/events?type=${type}&limit=10000`);
			const { events } = answer.json() as { events: readonly { readonly event: Event }[] };
			return events.map(({ event }) => event).filter((event): event is Event & { readonly type: typeof type } => event.type === type);
		},
		async [Symbol.asyncDispose]() {
			await server.stop();
			await rm(root, { recursive: true, force: true });
		},
	};
}

/** Reads the log of a gateway that has stopped. */
export async function recordedEvents(directory: string): Promise<readonly Event[]> {
	const stores = await openStores({ directory, clock: Date.now });
	try {
		return (await stores.events.read({ limit: 100_000 })).map(({ event }) => event);
	} finally {
		await stores.close();
	}
}

function yamlOf({ upstreams, yaml = "", tls = false }: GatewayOptions): string {
	const entries = upstreams.map((url, index) => `  - { name: up${index}, url: "${url}" }`).join("\n");
	const gateway = yaml.includes("gateway:") ? "" : `gateway: { listen: "127.0.0.1:0"${tls ? "" : ", tls: { mode: off }"} }\n`;
	const limits = yaml.includes("limits:") ? "" : "limits: { drain_timeout: 1s }\n";
	return `${gateway}admin: { listen: "127.0.0.1:0" }\nupstreams:\n${entries}\n${limits}${yaml}`;
}
