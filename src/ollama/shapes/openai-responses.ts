/**
 * POST /v1/responses (`openai.ResponsesRequest`).
 *
 * Items and parts of the input are of several kinds, told apart by `type`; each is one shape with the members of all kinds, since Ollama reads of
 * each only what belongs to its kind.
 */
import { array, boolean, either, free, freeObject, integer, lazy, number, object, type Shape, string, symbol } from "./shape.ts";

const part = object({
	type: string,
	text: string,
	detail: string,
	file_id: string,
	image_url: string,
	file_data: string,
	file_url: string,
	filename: string,
});

const item = object({
	type: string,
	role: string,
	content: either({ string, array: array(part) }),
	id: string,
	call_id: string,
	name: string,
	arguments: string,
	output: either({ string, array: array(part) }),
	summary: array(object({ type: string, text: string })),
	encrypted_content: string,
	status: string,
	action: object({ type: string, query: string }),
});

const tool: Shape = object({
	type: symbol,
	name: string,
	description: string,
	strict: boolean,
	parameters: freeObject,
	tools: array(lazy(() => tool)),
});

export const openaiResponses = object({
	model: string,
	background: boolean,
	conversation: free,
	include: array(string),
	input: either({ string, array: array(item) }),
	instructions: string,
	max_output_tokens: integer,
	reasoning: object({ effort: string, generate_summary: string, summary: string }),
	temperature: number,
	top_p: number,
	text: object({ format: object({ type: string, name: string, schema: free, strict: boolean }) }),
	truncation: string,
	tools: array(tool),
	stream: boolean,
});
