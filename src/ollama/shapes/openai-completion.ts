import { streamOptions } from "./openai-values.ts";
import { array, boolean, either, integer, integer64, number, object, string } from "./shape.ts";

/** POST /v1/completions (`openai.CompletionRequest`). One prompt only, as in Ollama. */
export const openaiCompletion = object({
	model: string,
	prompt: string,
	suffix: string,
	max_tokens: integer,
	stream: boolean,
	stream_options: streamOptions,
	seed: integer64,
	stop: either({ string, array: array(string) }),
	temperature: number,
	top_p: number,
	frequency_penalty: number,
	presence_penalty: number,
	logprobs: integer,
	_debug_render_only: boolean,
});
