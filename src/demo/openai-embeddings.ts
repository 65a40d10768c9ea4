/** `/v1/embeddings`. */
import type { Shape } from "./bind.ts";
import { embedAll, shortestSingle } from "./embedding.ts";
import { Refusal } from "./exchange.ts";
import { EarlyRefusal, inOpenAi, readDialect, refuseAsOpenAi, writeLine } from "./openai.ts";

const SHAPE: Shape = {
	struct: "EmbedRequest",
	package: "openai",
	fields: { input: "any", model: "string", dimensions: "int", encoding_format: "string" },
};

export const openAiEmbeddingsRoute = inOpenAi(async (exchange) => {
	const sent = await readDialect(exchange, SHAPE);
	const encoding = sent.string("encoding_format").toLowerCase();
	if (!["", "float", "base64"].includes(encoding)) {
		throw new EarlyRefusal(
			`Invalid value for 'encoding_format' = ${sent.string("encoding_format")}. Supported values: ['float', 'base64'].`,
		);
	}
	const input = sent.any("input") === "" ? [""] : sent.any("input");
	if (input === null || (Array.isArray(input) && input.length === 0)) throw new EarlyRefusal("invalid input");
	const model = sent.string("model");
	try {
		const request = { model, input, dimensions: sent.number("dimensions") ?? 0, options: {}, keepAlive: null };
		const { embeddings, tokens } = await embedAll(exchange, request);
		const form = encoding === "base64" ? base64Of : (vector: Float32Array) => [...vector].map(shortestSingle);
		const data = embeddings.map((vector, index) => ({ object: "embedding", embedding: form(vector), index }));
		writeLine(exchange.reply, 200, { object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		refuseAsOpenAi(exchange.reply, error.status, error.message);
	}
});

/** Little-endian singles, as the SDKs read them. */
function base64Of(vector: Float32Array): string {
	const bytes = Buffer.alloc(vector.length * 4);
	vector.forEach((value, i) => bytes.writeFloatLE(value, i * 4));
	return bytes.toString("base64");
}
