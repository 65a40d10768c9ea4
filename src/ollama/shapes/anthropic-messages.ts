/**
 * POST /v1/messages (`anthropic.MessagesRequest`).
 *
 * Blocks are of several kinds, told apart by `type`; one shape has the members of all. `cache_control` and the like are left out: Ollama does not
 * read them.
 */
import { array, boolean, either, free, freeObject, integer, lazy, number, object, type Shape, string, symbol } from "./shape.ts";

const block: Shape = object({
	type: string,
	text: string,
	citations: array(free),
	source: object({ type: string, media_type: string, data: string, url: string }),
	id: string,
	name: string,
	input: freeObject,
	tool_use_id: string,
	content: either({ string, array: array(lazy(() => resultBlock)), object: freeObject }),
	is_error: boolean,
	thinking: string,
	signature: string,
});

/** What a tool answered: blocks again, or search results. */
const resultBlock: Shape = object({
	type: string,
	text: string,
	source: object({ type: string, media_type: string, data: string, url: string }),
	title: string,
	url: string,
	encrypted_content: string,
	page_age: string,
	error_code: string,
});

export const anthropicMessages = object({
	model: string,
	max_tokens: integer,
	messages: array(object({ role: string, content: either({ string, array: array(block) }) })),
	system: either({ string, array: array(object({ type: string, text: string })) }),
	stream: boolean,
	temperature: number,
	top_p: number,
	top_k: integer,
	stop_sequences: array(string),
	tools: array(object({ type: symbol, name: string, description: string, input_schema: free, max_uses: integer })),
	tool_choice: object({ type: string, name: string, disable_parallel_tool_use: boolean }),
	thinking: object({ type: string, budget_tokens: integer }),
	metadata: object({ user_id: string }),
	output_config: object({ effort: string }),
});
