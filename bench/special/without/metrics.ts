/** Metrics that count nothing. */
import type { Metrics } from "../../../src/admin/metrics.ts";

export * from "../../../src/admin/metrics.ts";

export function createMetrics(): Metrics {
	const nothing = (): undefined => undefined;
	return {
		observe: nothing,
		read: nothing,
		readProviders: nothing,
		readWaiting: nothing,
		registry: () => Promise.resolve(""),
		contentType: "text/plain",
	};
}
