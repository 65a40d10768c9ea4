/** What a connection shares with the listener that accepted it. */
import type { ByteBudget } from "./byte-budget.ts";
import type { RequestHandler } from "./caller.ts";
import type { TransportLimits } from "./transport-limits.ts";

export interface ConnectionContext {
	readonly handler: RequestHandler;
	readonly budget: ByteBudget;
	readonly limits: TransportLimits;
	readonly monotonic: () => number;
	/** True once the server drains: no further request is taken on an open connection. */
	readonly draining: () => boolean;
	/** The caller proved who it is, or what it may still do is to read its last answer. */
	readonly onKnown: () => void;
	/** True where the caller is a stranger and others of its address wait for its place. */
	readonly crowds: () => boolean;
}
