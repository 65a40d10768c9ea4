/** Questions to an admin socket, with nothing between: `node:http` over a path. */
import { request } from "node:http";

export interface SocketAnswer {
	readonly status: number;
	readonly text: string;
	json(): unknown;
}

export class SocketAsk {
	readonly #path: string;

	constructor(path: string) {
		this.#path = path;
	}

	get(path: string): Promise<SocketAnswer> {
		return this.#ask("GET", path, undefined);
	}

	post(path: string, body: unknown): Promise<SocketAnswer> {
		return this.#ask("POST", path, body);
	}

	#ask(method: string, path: string, body: unknown): Promise<SocketAnswer> {
		return new Promise((resolve, reject) => {
			const headers = { host: "localhost", ...(body === undefined ? {} : { "content-type": "application/json" }) };
			const asked = request({ socketPath: this.#path, method, path, headers, agent: false }, (answer) => {
				let text = "";
				answer.setEncoding("utf8");
				answer.on("data", (piece: string) => {
					text += piece;
				});
				answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text, json: () => JSON.parse(text) }));
				answer.on("error", reject);
			});
			asked.on("error", reject);
			asked.end(body === undefined ? undefined : JSON.stringify(body));
		});
	}
}
