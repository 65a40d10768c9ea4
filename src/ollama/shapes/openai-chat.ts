/**
 * POST /v1/chat/completions (`openai.ChatCompletionRequest`).
 *
 * SDKs send much that Ollama does not read (`tool_choice`, `parallel_tool_calls`, `user`, `n`, …): left out. `max_completion_tokens` is kept
 * though Ollama reads only `max_tokens`, because a cloud model's request goes to ollama.com as it is and is bounded there by it.
 */
import { tool } from "./native-values.ts";
import { streamOptions } from "./openai-values.ts";
import { array, boolean, either, free, integer, integer64, number, object, string } from "./shape.ts";

const part = object({
	type: string,
	text: string,
	image_url: either({ string, object: object({ url: string, detail: string }) }),
	input_audio: object({ data: string, format: string }),
});

const message = object({
	role: string,
	content: either({ string, array: array(part) }),
	reasoning: string,
	tool_calls: array(object({ id: string, index: integer, type: string, function: object({ name: string, arguments: string }) })),
	name: string,
	tool_call_id: string,
});

export const openaiChat = object({
	model: string,
	messages: array(message),
	stream: boolean,
	stream_options: streamOptions,
	max_tokens: integer,
	max_completion_tokens: integer,
	seed: integer64,
	stop: either({ string, array: array(string) }),
	temperature: number,
	frequency_penalty: number,
	presence_penalty: number,
	top_p: number,
	response_format: object({ type: string, json_schema: object({ name: string, strict: boolean, schema: free }) }),
	tools: array(tool),
	reasoning: object({ effort: string }),
	reasoning_effort: string,
	logprobs: boolean,
	top_logprobs: integer,
	_debug_render_only: boolean,
});
