/**
 * What a role demands of whoever comes under it: from where, and with what.
 *
 *  - Asked before a request is understood, once for each request, and again for what runs when a reload changes it. Pure.
 *  - All of it must hold. What cannot be met by anybody (a network where none is listed) is met by nobody.
 */
import { FACTOR_OF, type Factor, groupOf } from "../model/factor.ts";
import type { RoleSpec } from "../model/policy-spec.ts";
import type { Principal } from "../model/principal.ts";
import { NetworkRule } from "../std/network-rule.ts";

export interface Demands {
	readonly networks: NetworkRule;
	readonly factors: readonly Factor[];
}

/** A caller who proved who it is, and how it came. */
export interface Entering {
	readonly principal: Principal;
	/** Where the request comes from; null where that is not told, which only a question about the policy may do. */
	readonly address: string | null;
	/** Whether a good certificate came with it, as the credential or beside it. */
	readonly certificate: boolean;
}

/** Null where nothing is demanded. */
export function demandsOf(role: Pick<RoleSpec, "networks" | "require">): Demands | null {
	const required = role.require;
	const rule = new NetworkRule(role.networks);
	return rule.everyone && required.length === 0 ? null : Object.freeze({ networks: rule, factors: Object.freeze([...new Set(required)]) });
}

/** The factors that do not hold, in the order of the role. */
export function missingFactors({ networks, factors }: Demands, { principal, address, certificate }: Entering): readonly Factor[] {
	return factors.filter((factor) => {
		const group = groupOf(factor);
		if (group !== null) return !principal.groups.includes(group);
		if (factor === "certificate") return !certificate;
		if (factor === "network") return !networks.narrows || address === null || !networks.permits(address);
		return FACTOR_OF[principal.kind] !== factor;
	});
}
