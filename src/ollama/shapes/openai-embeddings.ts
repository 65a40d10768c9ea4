import { array, either, integer, object, string } from "./shape.ts";

/** POST /v1/embeddings (`openai.EmbedRequest`). Texts only: Ollama refuses inputs that are tokens. */
export const openaiEmbeddings = object({
	model: string,
	input: either({ string, array: array(string) }),
	dimensions: integer,
	encoding_format: string,
});
