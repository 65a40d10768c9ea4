import type { Config } from "../config/config.ts";
import type { TransportLimits } from "../http/transport-limits.ts";
import { transportLimitsOf } from "./settings.ts";

/** Limits of a listener whose connections are all a proxy's: they prove nothing and share one address, so only the bound in total holds. */
export function proxyLimitsOf(config: Config): TransportLimits {
	const limits = transportLimitsOf(config);
	const { total } = limits.connections;
	return { ...limits, connections: { total, perAddress: total, unauthenticatedPerAddress: total } };
}
