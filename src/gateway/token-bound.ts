import type { JsonValue, JudgedRequest } from "../ollama/judged-request.ts";

/** The most tokens that a request lets the model make, in whichever dialect it says so; null where it lets it run. */
export function tokenBoundOf({ body }: JudgedRequest): number | null {
	if (body.kind !== "json") return null;
	const { options, max_tokens, max_completion_tokens, max_output_tokens } = body.value;
	const numPredict = typeof options === "object" && options !== null && "num_predict" in options ? options["num_predict"] : undefined;
	const bound = lower(lower(lower(lower(Number.POSITIVE_INFINITY, numPredict), max_tokens), max_completion_tokens), max_output_tokens);
	return bound === Number.POSITIVE_INFINITY ? null : bound;
}

/** Zero and less bound nothing. */
function lower(bound: number, said: JsonValue | undefined): number {
	return typeof said === "number" && said > 0 && said < bound ? said : bound;
}
