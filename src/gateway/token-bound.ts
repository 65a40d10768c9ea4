import type { JudgedRequest } from "../ollama/judged-request.ts";

/** The most tokens that a request lets the model make, in whichever dialect it says so; null where it lets it run. */
export function tokenBoundOf({ body }: JudgedRequest): number | null {
	if (body.kind !== "json") return null;
	const { options, max_tokens, max_completion_tokens, max_output_tokens } = body.value;
	const numPredict = typeof options === "object" && options !== null && "num_predict" in options ? options["num_predict"] : undefined;
	const bounds = [numPredict, max_tokens, max_completion_tokens, max_output_tokens].filter(
		(bound) => typeof bound === "number" && bound > 0,
	);
	return bounds.length === 0 ? null : Math.min(...bounds.map(Number));
}
