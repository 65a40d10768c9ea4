/** `/v1/completions`. */
import { recordOf, type Shape } from "./bind.ts";
import { generate } from "./generate.ts";
import { type Item, itemOf } from "./item.ts";
import { type Moments, unixSeconds } from "./moments.ts";
import { inOpenAi, readDialect, refuseAsOpenAi, stopOf, usageOf, writeData, writeLine } from "./openai.ts";
import type { Reply } from "./reply.ts";
import type { Voice } from "./voice.ts";

const SHAPE: Shape = {
	struct: "CompletionRequest",
	package: "openai",
	fields: {
		model: "string",
		prompt: "string",
		frequency_penalty: "float64",
		max_tokens: "int",
		presence_penalty: "float64",
		seed: "int",
		stop: "any",
		stream: "bool",
		stream_options: "any",
		temperature: "float64",
		top_p: "float64",
		suffix: "string",
		logprobs: "int",
		_debug_render_only: "bool",
	},
};

export const openAiCompletionRoute = inOpenAi(async (exchange) => {
	const sent = await readDialect(exchange, SHAPE);
	const stream = sent.bool("stream") ?? false;
	const includeUsage = recordOf(sent.any("stream_options"))["include_usage"] === true;
	const request = {
		model: sent.string("model"),
		prompt: sent.string("prompt"),
		suffix: sent.string("suffix"),
		system: "",
		template: "",
		context: null,
		raw: false,
		stream,
		media: false,
		options: { num_predict: sent.number("max_tokens"), stop: stopOf(sent.any("stop")) ?? null },
		think: null,
		format: null,
		keepAlive: null,
		topLogprobs: null,
		debug: sent.bool("_debug_render_only") ?? false,
	};
	await generate(exchange, request, new OpenAiCompletionVoice(exchange.moments, `cmpl-${exchange.random(999)}`, stream, includeUsage));
});

class OpenAiCompletionVoice implements Voice {
	readonly #moments: Moments;
	readonly #id: string;
	readonly #streams: boolean;
	readonly #includeUsage: boolean;

	constructor(moments: Moments, id: string, streams: boolean, includeUsage: boolean) {
		this.#moments = moments;
		this.#id = id;
		this.#streams = streams;
		this.#includeUsage = includeUsage;
	}

	say(reply: Reply, item: Item): void {
		const choice = { text: item.content, index: 0, finish_reason: item.reason || null };
		const nothingYet = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
		// When usage was asked for, every chunk carries some, all zero but the last.
		writeData(reply, this.#chunk(item, [choice], this.#includeUsage ? nothingYet : undefined));
		if (!item.done) return;
		if (this.#includeUsage) writeData(reply, this.#chunk(item, [], usageOf(item)));
		reply.write("data: [DONE]\n\n");
	}

	whole(reply: Reply, item: Item): void {
		if (this.#streams) return this.say(reply, item);
		writeLine(reply, 200, {
			id: this.#id,
			object: "text_completion",
			created: unixSeconds(item.createdAt),
			model: item.model,
			system_fingerprint: "fp_ollama",
			choices: [{ text: item.content, index: 0, finish_reason: item.reason || null }],
			usage: usageOf(item),
		});
	}

	refuse(reply: Reply, status: number, message: string): void {
		refuseAsOpenAi(reply, status, message);
	}

	/** As with chat: the error line goes through as an empty answer. */
	breakOff(reply: Reply): void {
		this.say(reply, itemOf("", this.#moments.now()));
	}

	#chunk(item: Item, choices: unknown[], usage: unknown): unknown {
		const created = unixSeconds(item.createdAt);
		return { id: this.#id, object: "text_completion", created, choices, model: item.model, system_fingerprint: "fp_ollama", usage };
	}
}
