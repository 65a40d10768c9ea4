/** Questions to a gateway's administration, over its Unix socket. */
import { Agent, request } from "node:http";

export interface Load {
	readonly connections: number;
	readonly requests: number;
	readonly streams: number;
	readonly queued: number;
}

export class AdminAsk {
	readonly #socketPath: string;
	readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

	constructor(socketPath: string) {
		this.#socketPath = socketPath;
	}

	/** The text of a new key. */
	async createKey(role: string): Promise<string> {
		const made = await this.#ask("POST", "/v1/keys", { name: `bench ${crypto.randomUUID()}`, role });
		const key: unknown = typeof made === "object" && made !== null ? Reflect.get(made, "key") : undefined;
		if (typeof key !== "string") throw new Error(`no key was made: ${JSON.stringify(made)}`);
		return key;
	}

	async load(): Promise<Load> {
		// The form of the status is held by the server's own tests.
		return ((await this.#ask("GET", "/v1/status", undefined)) as { readonly load: Load }).load;
	}

	close(): void {
		this.#agent.destroy();
	}

	#ask(method: string, path: string, json: unknown): Promise<unknown> {
		const { promise, resolve, reject } = Promise.withResolvers<unknown>();
		const headers = { host: "localhost", ...(json === undefined ? {} : { "content-type": "application/json" }) };
		const asked = request({ socketPath: this.#socketPath, agent: this.#agent, method, path, headers }, (answer) => {
			let text = "";
			answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
			answer.on("end", () => {
				if (answer.statusCode === 200 || answer.statusCode === 201) resolve(JSON.parse(text));
				else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
			});
			answer.on("error", reject);
		});
		asked.on("error", reject);
		asked.end(json === undefined ? undefined : JSON.stringify(json));
		return promise;
	}
}
