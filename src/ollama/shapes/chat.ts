import { keepAlive, message, think, tool } from "./native-values.ts";
import { options } from "./options.ts";
import { array, boolean, free, integer, object, string } from "./shape.ts";

/** POST /api/chat (`api.ChatRequest`). */
export const chat = object({
	model: string,
	messages: array(message),
	stream: boolean,
	format: free,
	keep_alive: keepAlive,
	tools: array(tool),
	options,
	think,
	truncate: boolean,
	shift: boolean,
	_debug_render_only: boolean,
	logprobs: boolean,
	top_logprobs: integer,
});
