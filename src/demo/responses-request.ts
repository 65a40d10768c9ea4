/** `/v1/responses`: from the request to a chat. */
import { type Bound, recordOf, type Shape, textOf } from "./bind.ts";
import { chat } from "./chat.ts";
import { EarlyRefusal, inOpenAi, readDialect, thinkOfEffort } from "./openai.ts";
import { ResponsesVoice } from "./responses-voice.ts";
import type { Message } from "./template.ts";
import { functionTool } from "./tool-schema.ts";

const SHAPE: Shape = {
	struct: "ResponsesRequest",
	package: "openai",
	fields: {
		model: "string",
		background: "bool",
		conversation: "any",
		include: "[]string",
		input: "any",
		instructions: "string",
		max_output_tokens: "int",
		reasoning: "any",
		temperature: "float64",
		text: "any",
		top_p: "float64",
		truncation: "string",
		tools: "[]openai.ResponsesTool",
		stream: "bool",
	},
};

export const responsesRoute = inOpenAi(async (exchange) => {
	const sent = await readDialect(exchange, SHAPE);
	const messages = messagesOf(sent);
	const stream = sent.bool("stream") ?? false;
	const format = recordOf(recordOf(sent.any("text"))["format"]);
	const tools = sent.list("tools").map((tool) => recordOf(tool));
	const request = {
		model: sent.string("model"),
		messages,
		tools: tools.map(({ name, description, parameters }) => functionTool(name, description, parameters)),
		stream,
		options: { num_predict: sent.number("max_output_tokens") },
		think: thinkOfEffort(textOf(recordOf(sent.any("reasoning"))["effort"])),
		thinkRelaxed: false,
		format: format["type"] === "json_schema" ? (format["schema"] ?? null) : null,
		keepAlive: null,
		topLogprobs: null,
		debug: false,
	};
	if (stream) {
		exchange.reply.set("Content-Type", "text/event-stream");
		exchange.reply.set("Cache-Control", "no-cache");
		exchange.reply.set("Connection", "keep-alive");
	}
	await chat(exchange, request, new ResponsesVoice(exchange, sent, stream));
});

function messagesOf(sent: Bound): readonly Message[] {
	const input = sent.any("input");
	const instructions = sent.string("instructions");
	const system = instructions === "" ? [] : [{ role: "system", content: instructions }];
	if (input === null || typeof input === "string")
		return [...system, ...(input === null || input === "" ? [] : [{ role: "user", content: input }])];
	if (!Array.isArray(input)) {
		const found = typeof input === "object" ? "object" : typeof input === "boolean" ? "bool" : "number";
		throw new EarlyRefusal(`input must be a string or array: json: cannot unmarshal ${found} into Go value of type []json.RawMessage`);
	}
	return [...system, ...input.flatMap((item: unknown) => itemOf(recordOf(item)))];
}

function itemOf(item: Readonly<Record<string, unknown>>): readonly Message[] {
	switch (item["type"] ?? "message") {
		case "message":
			return [messageOf(item)];
		case "function_call":
			return [
				{ role: "assistant", content: "", toolCalls: [{ name: textOf(item["name"]), arguments: parsed(textOf(item["arguments"])) }] },
			];
		case "function_call_output":
			return [{ role: "tool", content: typeof item["output"] === "string" ? item["output"] : "" }];
		default:
			// Reasoning and built-in tool calls are history that the model does not see.
			return [];
	}
}

function messageOf(item: Readonly<Record<string, unknown>>): Message {
	const content = item["content"];
	const parts = Array.isArray(content) ? content.map((part: unknown) => recordOf(part)) : [];
	const text = typeof content === "string" ? content : parts.map((part) => textOf(part["text"])).join("");
	return { role: textOf(item["role"]), content: text, media: parts.some((part) => part["type"] === "input_image") };
}

function parsed(json: string): unknown {
	try {
		return JSON.parse(json === "" ? "{}" : json);
	} catch {
		throw new EarlyRefusal("failed to parse function call arguments: unexpected end of JSON input");
	}
}
