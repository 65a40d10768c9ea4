import type { EnrolledPrincipal } from "../../model/enrolled-principal.ts";

/** What checks one kind of credential, and wants to hear of every enrolled principal and its changes. Effective when `put` returns. */
export interface EnrolledRing {
	put(principal: EnrolledPrincipal): void;
}
