import type { AdminRole } from "../model/admin-role.ts";

/** Whoever is asking for administration, as the routes know them. */
export interface Administrator {
	/** How events name them: `socket`, or `psn_… (ada)`. */
	readonly by: string;
	readonly role: AdminRole;
	/** Whether they still are who they were; asked again while an answer goes on. Counts as use. */
	stillHolds(): boolean;
}

/** Whoever can open the socket owns the state, and could read the keys' file anyway. */
export const SOCKET_ADMINISTRATOR: Administrator = { by: "socket", role: "admin", stillHolds: () => true };
