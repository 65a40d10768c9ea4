import { keepAlive } from "./native-values.ts";
import { options } from "./options.ts";
import { array, boolean, either, integer, object, string } from "./shape.ts";

/** POST /api/embed (`api.EmbedRequest`). */
export const embed = object({
	model: string,
	input: either({ string, array: array(string) }),
	keep_alive: keepAlive,
	truncate: boolean,
	dimensions: integer,
	options,
});

/** POST /api/embeddings (`api.EmbeddingRequest`). */
export const embeddings = object({ model: string, prompt: string, keep_alive: keepAlive, options });
