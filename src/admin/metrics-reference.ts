/** Writes `docs/reference/metrics.md` from the table. */
import { METRICS, type MetricSpec } from "./metrics-table.ts";

export function metricsReference(): string {
	const rows = Object.values(METRICS).map(row);
	return [
		"# Metrics",
		"",
		"Generated from `src/admin/metrics-table.ts`; do not edit. Served as `/metrics` on the admin listener, `http://127.0.0.1:11436/metrics`,",
		"in Prometheus' text format.",
		"",
		"Labels are bounded: at most 200 models and 1,000 keys get a series of their own, the rest is `_other`; `_none` stands for what a request did not",
		"have. A key's label is its public eight-character id.",
		"",
		"| name | type | labels | unit | meaning |",
		"|---|---|---|---|---|",
		...rows,
		"",
	].join("\n");
}

function row(spec: MetricSpec): string {
	const labels = spec.labels.map((label) => `\`${label}\``).join(", ");
	return `| \`${spec.name}\` | ${spec.type} | ${labels} | ${spec.unit} | ${spec.help} |`;
}
