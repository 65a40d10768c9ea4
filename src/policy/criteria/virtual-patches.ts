import { defineCriterion, PASS, refuse } from "../criterion.ts";

/** Every virtual patch that is switched on, for every role: what harms the server is no one's right. */
export const virtualPatches = defineCriterion({
	id: "virtual-patches",
	title: "The request matches no known attack",
	why: "An administrator's key can be stolen, and an administrator can be tricked into importing a hostile model.",
	reasons: ["virtual-patch"],
	advisories: [],
	concerns: ({ policy, operation }) => policy.patchesOf(operation.id).length > 0,
	judge({ policy, judged }) {
		for (const patch of policy.patchesOf(judged.operation.id)) {
			const stopped = patch.applies(judged);
			if (stopped !== null) return refuse("virtual-patch", `${patch.id}: ${stopped.detail}`);
		}
		return PASS;
	},
});
