/** Bounds of the caller's side of the gateway: bytes, counts and times. Every one is a setting of the section `limits`. */
import type { WireLimits } from "../wire/message.ts";

export interface TransportLimits {
	readonly wire: WireLimits;
	readonly headTimeoutMs: number;
	/** A body may take this long, and longer only while each further window of the same length brings the minimum rate. */
	readonly bodyTimeoutMs: number;
	readonly bodyMinimumBytesPerSecond: number;
	/** A caller that accepts no byte for this long is let go, and its generation with it. */
	readonly writeStallTimeoutMs: number;
	readonly keepAliveTimeoutMs: number;
	readonly requestsPerConnection: number;
	readonly connections: {
		readonly total: number;
		readonly perAddress: number;
		readonly unauthenticatedPerAddress: number;
	};
	/** Bytes of request bodies and buffered answers held at one time, over all callers. */
	readonly bufferedBytes: number;
}
