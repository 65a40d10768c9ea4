/**
 * enter: may this caller come in this way, before it is looked at what it asks?
 *
 *  - The door first, by itself: whoever may not come from there is not even asked for a credential.
 *  - Then what the role demands. Every refusal is, from outside, that of a credential which opens nothing: whoever holds a stolen one learns nothing by it.
 *  - `explainEntry` asks the same criteria in the same order.
 */
import { type Deny, deny } from "../../model/decision.ts";
import type { Policy } from "../compile.ts";
import type { Entering } from "../demands.ts";
import type { Step } from "../evaluate.ts";
import { doorNetworks } from "./door-networks.ts";
import type { EntryCriterion } from "./entry-criterion.ts";
import { factors } from "./factors.ts";
import { roleNetworks } from "./role-networks.ts";

export const ENTRY_CRITERIA: readonly EntryCriterion[] = Object.freeze([doorNetworks, roleNetworks, factors]);

/** Null where callers may come from that address. */
export function barredAtDoor({ door }: Policy, address: string): Deny | null {
	const refusal = door.refusalOf(address);
	return refusal === null ? null : deny(doorNetworks.reason, refusal);
}

/** Null where the caller shows all that its role demands. */
export function barred(policy: Policy, entering: Entering): Deny | null {
	if (policy.door.everyone && policy.subjectOf(entering.principal).demands === null) return null;
	return walkEntry(policy, entering, null);
}

/** A step for every criterion, up to the one that refused. */
export function explainEntry(policy: Policy, entering: Entering, steps: Step[]): Deny | null {
	return walkEntry(policy, entering, steps);
}

function walkEntry(policy: Policy, entering: Entering, steps: Step[] | null): Deny | null {
	const subject = policy.subjectOf(entering.principal);
	for (const criterion of ENTRY_CRITERIA) {
		const { id, title, reason } = criterion;
		const detail = criterion.refusalOf(policy, subject, entering);
		steps?.push({ criterion: id, title, outcome: detail === null ? "pass" : "deny", detail });
		if (detail !== null) return deny(reason, detail);
	}
	return null;
}
