/** What a handler of the demonstration server gets: one request, its reply, and the server's parts. */
import { type Bound, bind, type Shape } from "./bind.ts";
import { JsonProblem } from "./go-json.ts";
import type { Memory } from "./memory.ts";
import type { ModelStore } from "./model-store.ts";
import type { Moments } from "./moments.ts";
import type { Reply } from "./reply.ts";
import type { Runner } from "./runner.ts";

export interface World {
	readonly models: ModelStore;
	readonly memory: Memory;
	readonly runner: Runner;
	readonly moments: Moments;
	/** Integers from 0 below the limit, for the ids that Ollama draws at random. */
	readonly random: (limit: number) => number;
}

export interface Exchange extends World {
	/** Decoded value of the route's parameter, "" where it has none. */
	readonly parameter: string;
	readonly path: string;
	header(name: string): string;
	body(): Promise<Buffer>;
	/** The body as it comes, for uploads. */
	readonly upload: AsyncIterable<Buffer>;
	readonly reply: Reply;
	/** Aborts when the caller leaves: a FIN alone counts, as recorded. */
	readonly departed: AbortSignal;
}

export type Handler = (exchange: Exchange) => void | Promise<void>;

/** A refusal in the middle of a handler; `route` answers with it in the native dialect. */
export class Refusal extends Error {
	readonly status: number;

	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

/** The body in the fields of a native request. Throws Refusal in Ollama's words. */
export async function read(exchange: Exchange, shape: Shape): Promise<Bound> {
	try {
		return bind(await exchange.body(), shape);
	} catch (error) {
		if (!(error instanceof JsonProblem)) throw error;
		throw new Refusal(400, error.empty ? "missing request body" : error.message);
	}
}
