import type { Context } from "hono";

/** One row of the admin API: the table of rows is what is served and what the reference is made of. */
export interface AdminRoute {
	readonly method: "GET" | "POST";
	/** In Hono's notation: `/v1/keys/:id`. */
	readonly path: string;
	/** One line for the reference. */
	readonly summary: string;
	readonly handle: (context: Context) => Response | Promise<Response>;
}
