import type { EnrolledPrincipal } from "../model/enrolled-principal.ts";

/** Where enrolled principals live. Every write is on disk (fsync) when its promise resolves; a store that cannot answer rejects with a Fault. */
export interface PrincipalStore {
	/** In the order of enrolment. */
	all(): Promise<readonly EnrolledPrincipal[]>;
	/** Rejects where the id is taken. */
	insert(principal: EnrolledPrincipal): Promise<void>;
	/** Replaces the principal of the same id whole. */
	replace(principal: EnrolledPrincipal): Promise<void>;
}
