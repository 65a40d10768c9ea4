import { defineCriterion, PASS, refuse } from "../criterion.ts";

/** A key may outlive its role, for instance after the configuration was edited. Such a key has no rights at all. */
export const roleKnown = defineCriterion({
	id: "role-known",
	title: "The role is configured",
	why: "A role that is missing must not fall back to another one.",
	reasons: ["role-unknown"],
	advisories: [],
	concerns: ({ subject }) => !subject.known,
	judge({ subject }) {
		return subject.known ? PASS : refuse("role-unknown", `role ${subject.role} is not configured`);
	},
});
