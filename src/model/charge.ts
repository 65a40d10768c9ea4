import type { Principal } from "./principal.ts";

/** What a request is estimated to use, or was found to have used, in the smallest things that count. */
export interface Charge {
	readonly inputTokens: number;
	readonly outputTokens: number;
	/** Microseconds of GPU: its share, where several requests ran at the same time. */
	readonly gpuUs: number;
	/** Billionths of the operator's currency. */
	readonly nanos: number;
}

/** What budgets held of a request when it was let in. A request whose end is missing from the log, because of a crash, is charged with it. */
export interface Reserved extends Charge {
	/** With the event's other fields, all that decides which budgets a request concerns. */
	readonly kind: Principal["kind"];
	readonly groups: readonly string[];
}
