/** Metrics that count nothing. */
import type { Metrics } from "../../../src/admin/metrics.ts";

export * from "../../../src/admin/metrics.ts";

export function createMetrics(): Metrics {
	return { observe: () => undefined, read: () => undefined, registry: () => Promise.resolve(""), contentType: "text/plain" };
}
