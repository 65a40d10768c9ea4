import { defineCriterion, PASS, refuse } from "../criterion.ts";

/** G11: a cloud model runs on ollama.com and spends the operator's account, whatever operation names it; also when it is given a new name. */
export const cloudModels = defineCriterion({
	id: "cloud-models",
	title: "Cloud models are named by those who may spend the operator's account",
	why: "Prompts leave the house and money is spent, while the GPU that the operator watches stays idle.",
	reasons: ["cloud-denied"],
	advisories: [],
	concerns: ({ subject, operation }) => !subject.classes.has("cloud") && operation.models.length > 0,
	judge({ subject, judged }) {
		if (subject.classes.has("cloud")) return PASS;
		const use = judged.models.find(({ name }) => name.cloud);
		return use === undefined ? PASS : refuse("cloud-denied", `${use.field}: ${use.name.short} runs at ollama.com`);
	},
});
