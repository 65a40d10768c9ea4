/** Ollama's own dialect: one JSON object a line, or one object. */
import { goJson } from "./go-json.ts";
import { countsOf, type Item, orNothing } from "./item.ts";
import { rfc3339 } from "./moments.ts";
import type { Reply } from "./reply.ts";
import type { ToolCall } from "./tool-calls.ts";
import type { Voice } from "./voice.ts";

export const CHAT_VOICE = nativeVoice(chatObject);
export const GENERATE_VOICE = nativeVoice(generateObject);

function nativeVoice(form: (item: Item) => unknown): Voice {
	return {
		say: (reply, item) => {
			reply.set("Content-Type", "application/x-ndjson");
			reply.write(`${goJson(form(item))}\n`);
		},
		whole: (reply, item) => reply.json(200, form(item)),
		refuse: (reply, status, message) => reply.error(status, message),
		breakOff: (reply: Reply, message) => reply.write(`${goJson({ error: message })}\n`),
	};
}

function chatObject(item: Item): unknown {
	const toolCalls = item.toolCalls.map(callObject);
	return {
		model: item.model,
		created_at: rfc3339(item.createdAt),
		message: {
			// What was only rendered has no speaker.
			role: item.debug === null ? "assistant" : "",
			content: item.content,
			thinking: item.thinking || undefined,
			tool_calls: orNothing(toolCalls),
		},
		done: item.done,
		done_reason: item.reason || undefined,
		_debug_info: debugObject(item),
		logprobs: orNothing(item.logprobs),
		...countsOf(item),
	};
}

function generateObject(item: Item): unknown {
	return {
		model: item.model,
		created_at: rfc3339(item.createdAt),
		response: item.content,
		thinking: item.thinking || undefined,
		done: item.done,
		done_reason: item.reason || undefined,
		context: item.context ?? undefined,
		...countsOf(item),
		_debug_info: debugObject(item),
		logprobs: orNothing(item.logprobs),
	};
}

export function debugObject(item: Item): unknown {
	return item.debug === null ? undefined : { rendered_template: item.debug };
}

function callObject({ id, index, name, arguments: given }: ToolCall): unknown {
	return { id, function: { index, name, arguments: given } };
}
