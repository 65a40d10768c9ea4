/** `/v1/messages`: from Anthropic's request to a chat, and the streamed and whole answers. */
import { recordOf, type Shape, textOf } from "./bind.ts";
import { type ChatRequest, chat } from "./chat.ts";
import { type Exchange, type Handler, Refusal } from "./exchange.ts";
import { goJson } from "./go-json.ts";
import { type Item, itemOf, promptTokensOf, tokensOf } from "./item.ts";
import { EarlyRefusal, readDialect, writeLine } from "./openai.ts";
import type { Reply } from "./reply.ts";
import type { Message } from "./template.ts";
import { functionTool } from "./tool-schema.ts";
import type { Voice } from "./voice.ts";

const SHAPE: Shape = {
	struct: "MessagesRequest",
	package: "anthropic",
	fields: {
		model: "string",
		max_tokens: "int",
		messages: "[]anthropic.MessageParam",
		system: "any",
		stream: "bool",
		temperature: "float64",
		top_p: "float64",
		top_k: "int",
		stop_sequences: "[]string",
		tools: "[]anthropic.Tool",
		tool_choice: "any",
		thinking: "any",
		metadata: "any",
		output_config: "any",
	},
};

export const messagesRoute: Handler = async (exchange) => {
	try {
		await messages(exchange);
	} catch (error) {
		if (error instanceof EarlyRefusal) exchange.reply.json(400, errorObject(exchange, 400, error.message));
		else if (error instanceof Refusal) exchange.reply.error(error.status, error.message);
		else throw error;
	}
};

async function messages(exchange: Exchange): Promise<void> {
	const sent = await readDialect(exchange, SHAPE);
	const maxTokens = sent.number("max_tokens") ?? 0;
	if (sent.string("model") === "") throw new EarlyRefusal("model is required");
	if (maxTokens <= 0) throw new EarlyRefusal("max_tokens is required and must be positive");
	if (sent.list("messages").length === 0) throw new EarlyRefusal("messages is required");
	const tools = sent.list("tools").map((tool) => recordOf(tool));
	const system = textIn(sent.any("system"));
	const stream = sent.bool("stream") ?? false;
	const request: ChatRequest = {
		model: sent.string("model"),
		messages: [...(system === "" ? [] : [{ role: "system", content: system }]), ...sent.list("messages").flatMap(messagesOf)],
		tools: tools.map((tool) => functionTool(tool["name"], tool["description"], tool["input_schema"])),
		stream,
		options: { num_predict: maxTokens, stop: sent.list("stop_sequences") },
		think: thinkOf(textOf(recordOf(sent.any("thinking"))["type"]), textOf(recordOf(sent.any("output_config"))["effort"])),
		thinkRelaxed: true,
		format: null,
		keepAlive: null,
		topLogprobs: null,
		debug: false,
	};
	if (stream) {
		exchange.reply.set("Content-Type", "text/event-stream");
		exchange.reply.set("Cache-Control", "no-cache");
		exchange.reply.set("Connection", "keep-alive");
	}
	const estimate = estimateOf(sent.any("system"), sent.list("messages"), tools);
	await chat(exchange, request, new AnthropicVoice(exchange, request.model, stream, estimate));
}

class AnthropicVoice implements Voice {
	readonly #exchange: Exchange;
	readonly #id: string;
	readonly #model: string;
	readonly #streams: boolean;
	/** Input tokens are only known at the end, so the stream begins with a guess. */
	readonly #estimate: number;
	#started = false;
	#index = 0;
	#open: "thinking" | "text" | null = null;
	#thought = false;
	#calledTool = false;

	constructor(exchange: Exchange, model: string, streams: boolean, estimate: number) {
		this.#exchange = exchange;
		this.#id = `msg_${hex(exchange)}`;
		this.#model = model;
		this.#streams = streams;
		this.#estimate = estimate;
	}

	say(reply: Reply, item: Item): void {
		const emit = (type: string, data: Readonly<Record<string, unknown>>) => {
			reply.set("Content-Type", "text/event-stream");
			reply.write(`event: ${type}\ndata: ${goJson({ type, ...data })}\n\n`);
			reply.flush();
		};
		if (!this.#started) this.#start(item, emit);
		if (item.thinking !== "" && !this.#thought) this.#delta("thinking", item.thinking, emit);
		if (item.content !== "") this.#delta("text", item.content, emit);
		for (const call of item.toolCalls) {
			this.#close(emit);
			this.#calledTool = true;
			const block = { type: "tool_use", id: call.id, name: call.name, input: {} };
			emit("content_block_start", { index: this.#index, content_block: block });
			const delta = { type: "input_json_delta", partial_json: goJson(call.arguments) };
			emit("content_block_delta", { index: this.#index, delta });
			emit("content_block_stop", { index: this.#index });
			this.#index += 1;
		}
		if (!item.done) return;
		this.#close(emit);
		const usage = { input_tokens: promptTokensOf(item), output_tokens: tokensOf(item) };
		emit("message_delta", { delta: { stop_reason: stopReasonOf(item.reason, this.#calledTool) }, usage });
		emit("message_stop", {});
	}

	whole(reply: Reply, item: Item): void {
		if (this.#streams) return this.say(reply, item);
		const content = [
			...(item.thinking === "" ? [] : [{ type: "thinking", thinking: item.thinking }]),
			...(item.content === "" ? [] : [{ type: "text", text: item.content }]),
			...item.toolCalls.map(({ id, name, arguments: input }) => ({ type: "tool_use", id, name, input })),
		];
		writeLine(reply, 200, {
			id: this.#id,
			type: "message",
			role: "assistant",
			model: item.model,
			content: content.length === 0 ? null : content,
			stop_reason: stopReasonOf(item.reason, item.toolCalls.length > 0) || undefined,
			usage: { input_tokens: promptTokensOf(item), output_tokens: tokensOf(item) },
		});
	}

	refuse(reply: Reply, status: number, message: string): void {
		writeLine(reply, status, errorObject(this.#exchange, status, message));
	}

	/** Ollama passes its error line through this dialect as an empty answer, which at most opens the message. */
	breakOff(reply: Reply): void {
		this.say(reply, itemOf("", 0n));
	}

	#start(item: Item, emit: Emit): void {
		this.#started = true;
		const usage = { input_tokens: promptTokensOf(item) || this.#estimate, output_tokens: 0 };
		emit("message_start", { message: { id: this.#id, type: "message", role: "assistant", model: this.#model, content: [], usage } });
	}

	#delta(kind: "thinking" | "text", said: string, emit: Emit): void {
		if (this.#open !== kind) {
			this.#close(emit);
			if (kind === "text") this.#thought = this.#thought || this.#index > 0;
			this.#open = kind;
			emit("content_block_start", { index: this.#index, content_block: { type: kind, [kind]: "" } });
		}
		emit("content_block_delta", { index: this.#index, delta: { type: `${kind}_delta`, [kind]: said } });
	}

	#close(emit: Emit): void {
		if (this.#open === null) return;
		if (this.#open === "thinking") this.#thought = true;
		this.#open = null;
		emit("content_block_stop", { index: this.#index });
		this.#index += 1;
	}
}

type Emit = (type: string, data: Readonly<Record<string, unknown>>) => void;

function stopReasonOf(reason: string, calledTool: boolean): string {
	if (calledTool) return "tool_use";
	const known: Readonly<Record<string, string>> = { "": "", stop: "end_turn", length: "max_tokens" };
	return known[reason] ?? "stop_sequence";
}

function errorObject(exchange: Exchange, status: number, message: string): unknown {
	const types: Readonly<Record<number, string>> = {
		400: "invalid_request_error",
		403: "permission_error",
		404: "not_found_error",
		503: "overloaded_error",
	};
	return { type: "error", error: { type: types[status] ?? "api_error", message }, request_id: `req_${hex(exchange)}` };
}

function hex({ random }: Exchange): string {
	return Array.from({ length: 24 }, () => random(16).toString(16)).join("");
}

function thinkOf(type: string, effort: string): boolean | null {
	if (type === "enabled") return true;
	if (type === "disabled") return false;
	return ["xhigh", "high", "medium", "low", "max"].includes(effort.trim().toLowerCase()) ? true : null;
}

function textIn(content: unknown): string {
	if (typeof content === "string") return content;
	if (!Array.isArray(content)) return "";
	return content.map((block: unknown) => (recordOf(block)["type"] === "text" ? textOf(recordOf(block)["text"]) : "")).join("");
}

function messagesOf(sent: unknown): readonly Message[] {
	const message = recordOf(sent);
	const role = textOf(message["role"]).toLowerCase();
	const blocks = Array.isArray(message["content"]) ? message["content"].map((block: unknown) => recordOf(block)) : [];
	const results = blocks
		.filter((block) => block["type"] === "tool_result")
		.map((block) => ({ role: "tool", content: textIn(block["content"]) }));
	const uses = blocks.filter((block) => block["type"] === "tool_use");
	const toolCalls = uses.map((block) => ({ name: textOf(block["name"]), arguments: block["input"] ?? {} }));
	const thinking = blocks.map((block) => (block["type"] === "thinking" ? textOf(block["thinking"]) : "")).join("");
	const content = textIn(message["content"]);
	const media = blocks.some((block) => block["type"] === "image");
	const own = content !== "" || toolCalls.length > 0 || thinking !== "" || media || results.length === 0;
	return [...(own ? [{ role, content, thinking, toolCalls, media }] : []), ...results];
}

/** A quarter of the characters, as Ollama guesses. */
function estimateOf(system: unknown, messages: readonly unknown[], tools: readonly Readonly<Record<string, unknown>>[]): number {
	let length = textIn(system).length;
	for (const each of messages) {
		const message = recordOf(each);
		length += Buffer.byteLength(textOf(message["role"])) + Buffer.byteLength(textIn(message["content"]));
	}
	for (const tool of tools) {
		length += [tool["name"], tool["description"]].reduce<number>((sum, text) => sum + Buffer.byteLength(textOf(text)), 0);
		length += Buffer.byteLength(JSON.stringify(tool["input_schema"] ?? ""));
	}
	return Math.max(1, Math.floor(length / 4));
}
