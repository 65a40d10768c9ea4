/**
 * Embeddings as the look-up model computes them: the mean of the tokens' unit vectors, scaled to length 1, in single precision.
 * Routes `/api/embed`, `/api/embeddings` and, through `embedAll`, `/v1/embeddings`.
 */
import type { Shape } from "./bind.ts";
import { type Exchange, type Handler, Refusal, read } from "./exchange.ts";
import { locate, type Missing } from "./locate.ts";
import { keepAliveOf } from "./native-inference.ts";
import { optionsOf } from "./options.ts";
import { Departed } from "./runner.ts";
import { tokenize } from "./tokenizer.ts";

const DIMENSIONS = 384;

const EMBED: Shape = {
	struct: "EmbedRequest",
	package: "api",
	fields: { model: "string", input: "any", keep_alive: "any", truncate: "bool", dimensions: "int", options: "map[string]interface {}" },
};
const EMBEDDINGS: Shape = {
	struct: "EmbeddingRequest",
	package: "api",
	fields: { model: "string", prompt: "string", keep_alive: "any", options: "map[string]interface {}" },
};

const absent = (written: string) => new Refusal(404, `model ${JSON.stringify(written)} not found, try pulling it first`);
const EMBED_MISSING: Missing = { unnamed: new Refusal(404, "model '' not found"), absent };
const EMBEDDINGS_MISSING: Missing = { unnamed: new Refusal(400, "model is required"), absent };

export interface EmbedRequest {
	readonly model: string;
	readonly input: unknown;
	readonly dimensions: number;
	readonly options: Readonly<Record<string, unknown>>;
	readonly keepAlive: unknown;
}

export interface Embedded {
	readonly embeddings: readonly Float32Array[];
	readonly tokens: number;
	readonly totalNanos: number;
	readonly loadNanos: number;
}

export const embedRoute: Handler = async (exchange) => {
	const sent = await read(exchange, EMBED);
	const request = {
		model: sent.string("model"),
		input: sent.any("input"),
		dimensions: sent.number("dimensions") ?? 0,
		options: sent.record("options"),
		keepAlive: keepAliveOf(sent),
	};
	const { embeddings, tokens, totalNanos, loadNanos } = await embedAll(exchange, request);
	const numbers = embeddings.map((embedding) => [...embedding].map(shortestSingle));
	const counts =
		embeddings.length === 0 ? {} : { total_duration: totalNanos, load_duration: loadNanos, prompt_eval_count: tokens || undefined };
	exchange.reply.json(200, { model: request.model, embeddings: numbers, ...counts });
};

export const embeddingsRoute: Handler = async (exchange) => {
	const sent = await read(exchange, EMBEDDINGS);
	const request = {
		model: sent.string("model"),
		input: sent.string("prompt"),
		dimensions: 0,
		options: sent.record("options"),
		keepAlive: keepAliveOf(sent),
	};
	const { embeddings } = await embedAll(exchange, request, EMBEDDINGS_MISSING).catch(asFailure);
	// This route writes the same numbers in double precision.
	exchange.reply.json(200, { embedding: [...(embeddings[0] ?? [])] });
};

/** Throws Refusal. */
export async function embedAll(exchange: Exchange, request: EmbedRequest, missing = EMBED_MISSING): Promise<Embedded> {
	const elapsed = exchange.moments.start();
	const inputs = inputsOf(request.input);
	const model = locate(exchange, request.model, missing);
	const options = optionsOf(request.options, model.parameters);
	exchange.memory.load(model, request.keepAlive, options.contextLength);
	const loadNanos = elapsed();
	if (inputs.length === 0) return { embeddings: [], tokens: 0, totalNanos: 0, loadNanos: 0 };
	if (!model.weights.embedding) throw new Refusal(501, "This server does not support embeddings. Start it with `--embeddings`");
	await waitForRunner(exchange, model.fullName);
	const tokenized = inputs.map((input) => tokenize(input));
	if (tokenized.some(({ length }) => length === 0))
		throw new Refusal(400, "input exceeds maximum context length and cannot be truncated further");
	const size = request.dimensions > 0 ? Math.min(request.dimensions, DIMENSIONS) : DIMENSIONS;
	const embeddings = tokenized.map((tokens) => normalized(normalized(meanOf(tokens)).subarray(0, size)));
	return { embeddings, tokens: tokenized.flat().length, totalNanos: elapsed(), loadNanos };
}

/** The older route calls a model without embeddings a failure of the server. */
function asFailure(error: unknown): never {
	throw error instanceof Refusal && error.status === 501 ? new Refusal(500, error.message) : error;
}

/** The shortest decimal that is this single-precision number, as Go prints one. */
export function shortestSingle(value: number): number {
	for (let digits = 1; digits < 9; digits += 1) {
		const short = Number(value.toPrecision(digits));
		if (Math.fround(short) === value) return short;
	}
	return Number(value.toPrecision(9));
}

async function waitForRunner({ runner, departed }: Exchange, model: string): Promise<void> {
	try {
		await runner.embed(model, departed);
	} catch (error) {
		if (error instanceof Departed) throw new Refusal(500, error.message);
		throw error;
	}
}

function inputsOf(input: unknown): readonly string[] {
	if (input === null) return [];
	if (typeof input === "string") return input === "" ? [] : [input];
	if (!Array.isArray(input)) throw new Refusal(400, "invalid input type");
	return input.map((each: unknown) => {
		if (typeof each !== "string") throw new Refusal(400, "invalid input type");
		return each;
	});
}

function meanOf(tokens: readonly number[]): Float32Array {
	const vector = new Float32Array(DIMENSIONS);
	for (const token of tokens) vector[token] = (vector[token] ?? 0) + 1;
	return vector;
}

function normalized(vector: Float32Array): Float32Array {
	const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
	return length === 0 ? vector : vector.map((value) => value / length);
}
