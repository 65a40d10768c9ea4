import { defineEntryCriterion, UNTOLD } from "./entry-criterion.ts";

export const roleNetworks = defineEntryCriterion({
	id: "role-networks",
	title: "The role may be used from that address (roles.<name>.networks)",
	why: "A stolen key works from anywhere unless its role does not.",
	reason: "network-denied",
	refusalOf(_policy, { role, demands }, { principal, address }) {
		if (demands === null || demands.networks.everyone) return null;
		const refusal = address === null ? UNTOLD : demands.networks.refusalOf(address);
		return refusal === null ? null : `${principal.id}, role ${role}: ${refusal}`;
	},
});
