import { keepAlive, think } from "./native-values.ts";
import { options } from "./options.ts";
import { array, boolean, free, integer, object, string } from "./shape.ts";

/** POST /api/generate (`api.GenerateRequest`). */
export const generate = object({
	model: string,
	prompt: string,
	suffix: string,
	system: string,
	template: string,
	context: array(integer),
	stream: boolean,
	raw: boolean,
	format: free,
	keep_alive: keepAlive,
	images: array(string),
	options,
	think,
	truncate: boolean,
	shift: boolean,
	_debug_render_only: boolean,
	logprobs: boolean,
	top_logprobs: integer,
	// Image generation, 0.15.0 to 0.32.5.
	width: integer,
	height: integer,
	steps: integer,
});
