/** `/v1/chat/completions`. */
import { recordOf, type Shape, textOf } from "./bind.ts";
import { chat } from "./chat.ts";
import { type Item, itemOf, orNothing } from "./item.ts";
import { unixSeconds } from "./moments.ts";
import { debugObject } from "./native-voice.ts";
import {
	EarlyRefusal,
	inOpenAi,
	openAiCall,
	readDialect,
	refuseAsOpenAi,
	stopOf,
	thinkOfEffort,
	usageOf,
	writeData,
	writeLine,
} from "./openai.ts";
import type { Reply } from "./reply.ts";
import type { Message } from "./template.ts";
import { nativeTool } from "./tool-schema.ts";
import type { Voice } from "./voice.ts";

const SHAPE: Shape = {
	struct: "ChatCompletionRequest",
	package: "openai",
	fields: {
		model: "string",
		messages: "[]openai.Message",
		stream: "bool",
		stream_options: "any",
		max_tokens: "int",
		seed: "int",
		stop: "any",
		temperature: "float64",
		frequency_penalty: "float64",
		presence_penalty: "float64",
		top_p: "float64",
		response_format: "any",
		tools: "[]api.Tool",
		reasoning: "any",
		reasoning_effort: "string",
		logprobs: "bool",
		top_logprobs: "int",
		_debug_render_only: "bool",
	},
};

export const openAiChatRoute = inOpenAi(async (exchange) => {
	const sent = await readDialect(exchange, SHAPE);
	if (sent.list("messages").length === 0) throw new EarlyRefusal("[] is too short - 'messages'");
	const stream = sent.bool("stream") ?? false;
	const includeUsage = recordOf(sent.any("stream_options"))["include_usage"] === true;
	const effort = textOf(recordOf(sent.any("reasoning"))["effort"]) || sent.string("reasoning_effort");
	const request = {
		model: sent.string("model"),
		messages: sent.list("messages").flatMap(messagesOf),
		tools: sent.list("tools").map(nativeTool),
		stream,
		options: { num_predict: sent.number("max_tokens"), stop: stopOf(sent.any("stop")) ?? null },
		think: thinkOfEffort(effort),
		thinkRelaxed: false,
		format: formatOf(recordOf(sent.any("response_format"))),
		keepAlive: null,
		topLogprobs: sent.bool("logprobs") === true ? (sent.number("top_logprobs") ?? 0) : null,
		debug: sent.bool("_debug_render_only") ?? false,
	};
	await chat(exchange, request, new OpenAiChatVoice(`chatcmpl-${exchange.random(999)}`, stream, includeUsage));
});

class OpenAiChatVoice implements Voice {
	readonly #id: string;
	readonly #streams: boolean;
	readonly #includeUsage: boolean;
	#started = false;
	#calledTool = false;
	/** One timestamp for all chunks of a stream. */
	#created: number | null = null;

	constructor(id: string, streams: boolean, includeUsage: boolean) {
		this.#id = id;
		this.#streams = streams;
		this.#includeUsage = includeUsage;
	}

	say(reply: Reply, item: Item): void {
		this.#created ??= unixSeconds(item.createdAt);
		const empty = item.content === "" && item.thinking === "" && item.toolCalls.length === 0 && item.logprobs.length === 0;
		// The closing record says nothing; it becomes a chunk only when nothing else did.
		if (!(item.done && this.#started && empty)) for (const delta of this.#deltas(item)) writeData(reply, this.#chunk(item, [delta]));
		if (!item.done) return;
		const reason = (item.reason || "stop") === "stop" && this.#calledTool ? "tool_calls" : item.reason || "stop";
		writeData(reply, this.#chunk(item, [{ index: 0, delta: {}, finish_reason: reason }]));
		if (this.#includeUsage) writeData(reply, this.#chunk(item, [], usageOf(item)));
		reply.write("data: [DONE]\n\n");
	}

	whole(reply: Reply, item: Item): void {
		if (this.#streams) return this.say(reply, item);
		const calls = item.toolCalls.map(openAiCall);
		const reason = item.reason === "stop" && calls.length > 0 ? "tool_calls" : item.reason;
		const role = item.debug === null ? "assistant" : "";
		const message = { role, content: item.content, reasoning: item.thinking || undefined, tool_calls: orNothing(calls) };
		writeLine(reply, 200, {
			id: this.#id,
			object: "chat.completion",
			created: unixSeconds(item.createdAt),
			model: item.model,
			system_fingerprint: "fp_ollama",
			choices: [{ index: 0, message, finish_reason: reason || null, logprobs: logprobsOf(item) }],
			usage: usageOf(item),
			_debug_info: debugObject(item),
		});
	}

	refuse(reply: Reply, status: number, message: string): void {
		refuseAsOpenAi(reply, status, message);
	}

	/** Ollama passes its error line through this dialect as if it were an answer, and so an empty one comes out. */
	breakOff(reply: Reply): void {
		this.say(reply, itemOf("", 0n));
	}

	#deltas(item: Item): unknown[] {
		const role = this.#started ? undefined : "assistant";
		this.#started = true;
		const calls = orNothing(item.toolCalls.map(openAiCall));
		if (calls !== undefined) this.#calledTool = true;
		const reasoning = item.thinking || undefined;
		const mixed = reasoning !== undefined && (item.content !== "" || calls !== undefined);
		const choice = (delta: unknown, logprobs: unknown) => ({ index: 0, delta, finish_reason: null, logprobs });
		if (!mixed) return [choice({ role, content: item.content, reasoning, tool_calls: calls }, logprobsOf(item))];
		return [choice({ role, reasoning }, logprobsOf(item)), choice({ content: item.content, tool_calls: calls }, undefined)];
	}

	#chunk(item: Item, choices: unknown[], usage?: unknown): unknown {
		const common = { id: this.#id, object: "chat.completion.chunk", created: this.#created, model: item.model };
		return { ...common, system_fingerprint: "fp_ollama", choices, usage };
	}
}

function logprobsOf(item: Item): unknown {
	return item.logprobs.length === 0 ? undefined : { content: item.logprobs };
}

function formatOf(format: Readonly<Record<string, unknown>>): unknown {
	const type = textOf(format["type"]).trim().toLowerCase();
	if (type === "json_object") return "json";
	return type === "json_schema" ? (recordOf(format["json_schema"])["schema"] ?? null) : null;
}

function messagesOf(sent: unknown): readonly Message[] {
	const message = recordOf(sent);
	const role = textOf(message["role"]);
	const content = message["content"];
	const calls = toolCallsOf(message["tool_calls"]);
	const extras = { thinking: textOf(message["reasoning"]), toolCalls: calls };
	if (typeof content === "string") return [{ role, content, ...extras }];
	if (Array.isArray(content)) return content.map((part: unknown) => partOf(role, recordOf(part)));
	if (message["tool_calls"] === undefined || message["tool_calls"] === null) {
		throw new EarlyRefusal(`invalid message content type: ${goTypeOf(content)}`);
	}
	return [{ role, content: "", ...extras }];
}

function partOf(role: string, part: Readonly<Record<string, unknown>>): Message {
	if (part["type"] === "text" && typeof part["text"] === "string") return { role, content: part["text"] };
	if (part["type"] === "image_url" || part["type"] === "input_audio") return { role, content: "", media: true };
	throw new EarlyRefusal("invalid message format");
}

function toolCallsOf(calls: unknown): { name: string; arguments: unknown }[] {
	if (!Array.isArray(calls)) return [];
	return calls.map((call: unknown) => {
		const called = recordOf(recordOf(call)["function"]);
		try {
			return { name: textOf(called["name"]), arguments: JSON.parse(textOf(called["arguments"])) };
		} catch {
			throw new EarlyRefusal("invalid tool call arguments");
		}
	});
}

function goTypeOf(value: unknown): string {
	if (value === null || value === undefined) return "<nil>";
	const types: Readonly<Record<string, string>> = { number: "float64", boolean: "bool" };
	return types[typeof value] ?? "map[string]interface {}";
}
