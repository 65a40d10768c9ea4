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
export function demandsOf({ networks, require }: Pick<RoleSpec, "networks" | "require">): Demands | null {
	const rule = new NetworkRule(networks);
	return rule.everyone && require.length === 0 ? null : Object.freeze({ networks: rule, factors: Object.freeze([...new Set(require)]) });
}

/** The factors that do not hold, in the order of the role. */
export function missingFactors({ networks, factors }: Demands, { principal, address, certificate }: Entering): readonly Factor[] {
	return factors.filter((factor) => {
		const group = groupOf(factor);
		if (group !== null) return !principal.groups.includes(group);
		switch (factor) {
			case "certificate":
				return !certificate;
			case "network":
				return !networks.narrows || address === null || !networks.permits(address);
			default:
				return FACTOR_OF[principal.kind] !== factor;
		}
	});
}
