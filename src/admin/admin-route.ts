import type { Context } from "hono";

import type { AdminRole } from "../model/admin-role.ts";
import type { Administrator } from "./administrator.ts";

/** One row of the admin API: the table of rows is what is served and what the reference is made of. */
export interface AdminRoute {
	readonly method: "GET" | "POST";
	/** In Hono's notation: `/v1/keys/:id`. */
	readonly path: string;
	/** Who may, of people who sign in; whoever opens the socket may all. A row without it does not compile. */
	readonly needs: AdminRole;
	/** One line for the reference. */
	readonly summary: string;
	readonly handle: (context: Context, administrator: Administrator) => Response | Promise<Response>;
}
