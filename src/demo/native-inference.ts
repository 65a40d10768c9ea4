/** `/api/generate` and `/api/chat`: from the body to inference. */
import { type Bound, recordOf, type Shape, textOf } from "./bind.ts";
import { chat } from "./chat.ts";
import { type Handler, Refusal, read } from "./exchange.ts";
import { generate } from "./generate.ts";
import { keepNanos } from "./memory.ts";
import { CHAT_VOICE, GENERATE_VOICE } from "./native-voice.ts";
import type { Message } from "./template.ts";
import { nativeTool } from "./tool-schema.ts";

const COMMON = {
	model: "string",
	stream: "bool",
	format: "any",
	keep_alive: "any",
	options: "map[string]interface {}",
	think: "any",
	truncate: "bool",
	shift: "bool",
	_debug_render_only: "bool",
	logprobs: "bool",
	top_logprobs: "int",
} as const;

const GENERATE: Shape = {
	struct: "GenerateRequest",
	package: "api",
	fields: {
		...COMMON,
		prompt: "string",
		suffix: "string",
		system: "string",
		template: "string",
		context: "[]int",
		raw: "bool",
		images: "[]api.ImageData",
	},
};

const CHAT: Shape = { struct: "ChatRequest", package: "api", fields: { ...COMMON, messages: "[]api.Message", tools: "api.Tools" } };

export const generateRoute: Handler = async (exchange) => {
	const sent = await read(exchange, GENERATE);
	const context = sent.list("context").filter((token) => typeof token === "number");
	const request = {
		...commonOf(sent),
		prompt: sent.string("prompt"),
		suffix: sent.string("suffix"),
		system: sent.string("system"),
		template: sent.string("template"),
		context: sent.any("context") === null ? null : context,
		raw: sent.bool("raw") ?? false,
		media: sent.list("images").length > 0,
	};
	await generate(exchange, request, GENERATE_VOICE);
};

export const chatRoute: Handler = async (exchange) => {
	const sent = await read(exchange, CHAT);
	const messages = sent.list("messages").map(messageOf);
	const tools = sent.list("tools").map(nativeTool);
	await chat(exchange, { ...commonOf(sent), messages, tools, thinkRelaxed: false }, CHAT_VOICE);
};

function commonOf(sent: Bound) {
	const keepAlive = keepAliveOf(sent);
	const think = thinkOf(sent.any("think"));
	const top = sent.number("top_logprobs") ?? 0;
	if (top < 0 || top > 20) throw new Refusal(400, "top_logprobs must be between 0 and 20");
	return {
		model: sent.string("model"),
		stream: sent.bool("stream") ?? true,
		options: sent.record("options"),
		think,
		format: sent.any("format"),
		keepAlive,
		topLogprobs: sent.bool("logprobs") === true ? top : null,
		debug: sent.bool("_debug_render_only") ?? false,
	};
}

/** Seconds or a Go duration; null when it was not said. Throws Refusal. */
export function keepAliveOf(sent: Bound): unknown {
	const keepAlive = sent.any("keep_alive");
	if (keepNanos(keepAlive) !== null) return keepAlive;
	if (typeof keepAlive === "string") throw new Refusal(400, `time: invalid duration ${JSON.stringify(keepAlive)}`);
	const types: Readonly<Record<string, string>> = {
		boolean: "bool",
		object: Array.isArray(keepAlive) ? "[]interface {}" : "map[string]interface {}",
	};
	throw new Refusal(400, `Unsupported type: '${types[typeof keepAlive] ?? ""}'`);
}

function thinkOf(think: unknown): boolean | null {
	if (think === null || typeof think === "boolean") return think;
	if (typeof think !== "string")
		throw new Refusal(400, 'think must be a boolean or string ("high", "medium", "low", "max", true, or false)');
	if (["high", "medium", "low", "max"].includes(think)) return true;
	throw new Refusal(400, `invalid think value: ${JSON.stringify(think)} (must be "high", "medium", "low", "max", true, or false)`);
}

function messageOf(sent: unknown): Message {
	const message = recordOf(sent);
	const calls = Array.isArray(message["tool_calls"]) ? message["tool_calls"] : [];
	return {
		role: textOf(message["role"]).toLowerCase(),
		content: textOf(message["content"]),
		thinking: textOf(message["thinking"]),
		toolCalls: calls.map((call: unknown) => {
			const called = recordOf(recordOf(call)["function"]);
			return { name: textOf(called["name"]), arguments: called["arguments"] ?? {} };
		}),
		media: Array.isArray(message["images"]) && message["images"].length > 0,
	};
}
