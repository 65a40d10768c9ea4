import { defineCriterion, PASS, refuse } from "../criterion.ts";

/** Every model that the request names, whatever for: a model that may not be used may not be copied to a name that may, nor built upon. */
export const models = defineCriterion({
	id: "models",
	title: "Every model of the request is within the role's list and the key's own",
	why: "One unchecked field (a copy's source, a build's base) is a way around the whole list.",
	reasons: ["model-denied"],
	advisories: [],
	concerns: ({ subject, operation }) => !subject.models.everything && operation.models.length > 0,
	judge({ subject, judged }) {
		for (const { name, field } of judged.models) {
			const refusal = subject.models.refusalOf(name);
			if (refusal !== null) return refuse("model-denied", `${field}: ${name.short} is ${refusal}`);
		}
		return PASS;
	},
});
