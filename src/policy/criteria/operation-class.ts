import { defineCriterion, PASS, refuse } from "../criterion.ts";

/**
 * G1: a role grants classes of operations; what is not granted is refused before anything of the request is looked at.
 *
 * 28 of the 32 advisories need a management route. Refusing those routes to everybody who does not manage is what stops most of them, on
 * any release of Ollama, known or not.
 */
export const operationClass = defineCriterion({
	id: "operation-class",
	title: "The role grants this class of operations",
	why: "Ollama itself has no rights: whoever reaches it may pull, push, build and delete.",
	reasons: ["class-denied", "cloud-denied"],
	advisories: ["CVE-2025-63389"],
	concerns: ({ subject, operation }) => !subject.classes.has(operation.class),
	judge({ subject, judged }) {
		const { class: asked } = judged.operation;
		if (subject.classes.has(asked)) return PASS;
		const granted = subject.classes.size === 0 ? "nothing" : [...subject.classes].join(" ");
		return refuse(
			asked === "cloud" ? "cloud-denied" : "class-denied",
			`${asked} is not granted to role ${subject.role}, which has ${granted}`,
		);
	},
});
