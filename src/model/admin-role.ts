/** What people may do in administration, from least to most; whoever has one may do what those before it may. Callers' rights on models are other roles. */
export const ADMIN_ROLES = ["viewer", "operator", "admin"] as const;

/** viewer: reads · operator: also keys and principals, with no more rights than the role operator has · admin: everything. */
export type AdminRole = (typeof ADMIN_ROLES)[number];

/** Who, of people whom a provider vouches for, has which role. */
export interface AdminRule {
	/** Path of a claim. */
	readonly claim: string;
	/** `*` stands for any characters but @ and /. */
	readonly matches: string;
	readonly role: AdminRole;
}

export function isAtLeast(role: AdminRole, needed: AdminRole): boolean {
	return ADMIN_ROLES.indexOf(role) >= ADMIN_ROLES.indexOf(needed);
}
