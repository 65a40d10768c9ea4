import { integer, integer64, object, string } from "./shape.ts";

/** POST /v1/images/generations, 0.15.0 to 0.32.5. */
export const openaiImageGeneration = object({
	model: string,
	prompt: string,
	n: integer,
	size: string,
	response_format: string,
	seed: integer64,
});

/** POST /v1/images/edits, same releases; JSON there, not a form. */
export const openaiImageEdit = object({ model: string, prompt: string, image: string, size: string, seed: integer64 });
