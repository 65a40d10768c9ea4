/** Values that several native bodies share. */
import { array, boolean, either, free, freeObject, integer, number, object, string } from "./shape.ts";

/** Seconds, or a Go duration. */
export const keepAlive = either({ number, string });

export const think = either({ boolean, string });

/** A tool as the native routes and /v1/chat/completions know it; what it takes is a schema and stays as it is. */
export const tool = object({
	type: string,
	items: free,
	function: object({ name: string, description: string, parameters: free }),
});

export const message = object({
	role: string,
	content: string,
	thinking: string,
	images: array(string),
	tool_calls: array(object({ id: string, function: object({ index: integer, name: string, arguments: freeObject }) })),
	tool_name: string,
	tool_call_id: string,
});
