import { parseModelName } from "../model/parse-model-name.ts";
import { ModelPatterns } from "../policy/model-pattern.ts";

/** A budget or a price that names a model without a tag means all of its tags: it errs towards counting. */
export function modelMatcher(patterns: readonly string[]): (model: string) => boolean {
	const wanted = ModelPatterns.denying(patterns);
	return (model) => {
		const name = parseModelName(model);
		return name !== null && wanted.match(name) !== null;
	};
}
