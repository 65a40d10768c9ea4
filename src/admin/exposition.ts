/**
 * Hands our cells to prom-client, which writes the exposition format (names, escapes, order).
 *
 * prom-client asks a metric for its values with `getForPromString` when it has such a method, and with `get` otherwise; a metric of ours answers from
 * its cells and keeps nothing in the library, whose own store would hash every label again.
 */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

import type { Cell, HistogramCell, Labels } from "./metric-cells.ts";
import type { MetricSpec } from "./metrics-table.ts";

export interface Sample {
	readonly labels: Labels;
	readonly value: number;
	readonly metricName?: string;
}

/** Registers a metric whose samples are made when somebody scrapes. */
export function expose(registry: Registry, spec: MetricSpec, samples: () => Iterable<Sample>): void {
	const { name, help } = spec;
	const config = { name, help, labelNames: [...spec.labels], registers: [registry] };
	const answer = () => Promise.resolve({ name, help, type: spec.type, values: [...samples()] });
	switch (spec.type) {
		case "counter":
			Object.assign(new Counter(config), { getForPromString: answer });
			return;
		case "gauge":
			Object.assign(new Gauge(config), { getForPromString: answer });
			return;
		case "histogram":
			Object.assign(new Histogram({ ...config, buckets: [...(spec.buckets ?? [])] }), { getForPromString: answer });
	}
}

/** The samples of a histogram: cumulative buckets, sum and count, as the format wants them. */
export function* histogramSamples(name: string, cells: Iterable<HistogramCell>): Generator<Sample> {
	for (const { labels, bounds, counts, sum } of cells) {
		let count = 0;
		for (const [at, bound] of [...bounds, Number.POSITIVE_INFINITY].entries()) {
			count += counts[at] ?? 0;
			yield {
				metricName: `${name}_bucket`,
				labels: { le: bound === Number.POSITIVE_INFINITY ? "+Inf" : String(bound), ...labels },
				value: count,
			};
		}
		yield { metricName: `${name}_sum`, labels, value: sum };
		yield { metricName: `${name}_count`, labels, value: count };
	}
}

export function* cellSamples(cells: Iterable<Cell>): Generator<Sample> {
	for (const { labels, value } of cells) yield { labels, value };
}
