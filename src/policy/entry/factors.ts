import { missingFactors } from "../demands.ts";
import { defineEntryCriterion } from "./entry-criterion.ts";

export const factors = defineEntryCriterion({
	id: "factors",
	title: "All is shown that the role demands (roles.<name>.require)",
	why: "Where two things are demanded, whoever got hold of one of them must not get in.",
	reason: "credential-incomplete",
	refusalOf(_policy, { role, demands }, entering) {
		const missing = demands === null ? [] : missingFactors(demands, entering);
		return missing.length === 0 ? null : `${entering.principal.id}, role ${role}: without ${missing.join(", ")}`;
	},
});
