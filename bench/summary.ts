/**
 * From the samples of all rounds to the figures that are published: medians with their spread, ratios, and what casts doubt on them.
 *
 * A ratio is taken within each round, between neighbours in time, and only then made a median: what slows the machine for a minute slows both.
 */
import type { Measurement } from "./measurement.ts";
import type { Workload } from "./scripted.ts";
import { type Spread, spreadOf } from "./statistics.ts";
import type { TargetName } from "./target.ts";

export interface Sample {
	readonly round: number;
	readonly workload: Workload;
	readonly target: TargetName;
	readonly measurement: Measurement;
}

export interface Ratio {
	readonly workload: Workload;
	readonly target: TargetName;
	readonly against: TargetName;
	readonly ratio: Spread;
}

export interface Row {
	readonly workload: Workload;
	readonly target: TargetName;
	/** CPU of the proxy in µs per request or token. */
	readonly cpuUs: Spread;
	readonly unitsPerSecond: Spread;
	readonly waitP50Ms: Spread;
	readonly waitP99Ms: Spread;
	/** Shares of a core, 0..1. */
	readonly proxyBusy: Spread;
	readonly loadCoreBusy: Spread;
	/** Share of that core that load generator and upstream used. */
	readonly loadBusy: Spread;
	/** Share of the proxy's core that others used or the hypervisor took. */
	readonly proxyCoreForeign: Spread;
	readonly ratios: readonly Ratio[];
}

/** Beside whom a row of the table stands. */
function anchorsOf(target: TargetName): readonly TargetName[] {
	if (target === "nginx") return [];
	if (target === "nginx-tls") return ["nginx"];
	return target === "rempart-tls" ? ["nginx-tls", "rempart"] : ["nginx"];
}

/** The load generator is at its end, and the proxy is not. */
const LOAD_FULL = 0.95;
const PROXY_FULL = 0.9;
const FOREIGN_SHARE = 0.05;

/** Each is a share of a core and the bound beyond which it casts doubt. */
const DOUBTS: readonly { readonly shareOf: (row: Row) => number; readonly bound: number; readonly sentence: string }[] = [
	{
		shareOf: ({ loadCoreBusy, proxyBusy }) => (proxyBusy.median < PROXY_FULL ? loadCoreBusy.median : 0),
		bound: LOAD_FULL,
		sentence:
			"The load generator's core was full and the proxy's was not: CPU time stands, but requests per second and waits are the generator's in",
	},
	{
		shareOf: ({ loadCoreBusy, loadBusy }) => loadCoreBusy.median - loadBusy.median,
		bound: FOREIGN_SHARE,
		sentence: "Others used the load generator's core; measure again on a quiet machine:",
	},
	{
		shareOf: ({ proxyCoreForeign }) => proxyCoreForeign.median,
		bound: FOREIGN_SHARE,
		sentence: "Others used the proxy's core; measure again on a quiet machine:",
	},
];

export function summarise(samples: readonly Sample[]): readonly Row[] {
	const keys = new Map(samples.map(({ workload, target }) => [`${workload} ${target}`, { workload, target }]));
	return [...keys.values()].map(({ workload, target }) => {
		const measurements = of(samples, workload, target).map(({ measurement }) => measurement);
		const spread = (figure: (measurement: Measurement) => number) => spreadOf(measurements.map(figure));
		return {
			workload,
			target,
			cpuUs: spread(cpuPerUnit),
			unitsPerSecond: spread(unitsPerSecond),
			waitP50Ms: spread(({ waitMs }) => waitMs.p50),
			waitP99Ms: spread(({ waitMs }) => waitMs.p99),
			proxyBusy: spread(({ proxyUs, windowUs }) => proxyUs / windowUs),
			loadCoreBusy: spread(({ loadCore, windowUs }) => (loadCore.busyUs + loadCore.stolenUs) / windowUs),
			loadBusy: spread(({ loadUs, upstreamUs, windowUs }) => (loadUs + upstreamUs) / windowUs),
			proxyCoreForeign: spread(({ proxyCore, proxyUs, windowUs }) =>
				Math.max(0, (proxyCore.busyUs + proxyCore.stolenUs - proxyUs) / windowUs),
			),
			ratios: anchorsOf(target).flatMap((against) => {
				const ratio = ratioOf(samples, "cpu", { workload, target, against });
				return ratio === null ? [] : [{ workload, target, against, ratio }];
			}),
		};
	});
}

/** What a reader should know before believing a row: a sentence for each doubt, with the rows that it concerns. */
export function doubtsAbout(rows: readonly Row[]): readonly string[] {
	return DOUBTS.flatMap(({ shareOf, bound, sentence }) => {
		const concerned = rows.map((row) => ({ row, share: shareOf(row) })).filter(({ share }) => share > bound);
		if (concerned.length === 0) return [];
		const where = concerned.map(({ row, share }) => `${row.workload} on ${row.target} (${(share * 100).toFixed(0)} %)`);
		return [`${sentence} ${where.join(", ")}.`];
	});
}

/**
 * CPU time per unit, or units for each second of CPU. The latter is what a full core does in a second, and stays that where the load generator or
 * others on the machine left the core less than full: units per second by the clock would then be theirs.
 */
export type Measure = "cpu" | "rate";

/** Taken within each round, then the median; null where no round has both. */
export function ratioOf(samples: readonly Sample[], measure: Measure, { workload, target, against }: Omit<Ratio, "ratio">): Spread | null {
	const valueOf = measure === "cpu" ? cpuPerUnit : unitsPerCoreSecond;
	const anchors = new Map(of(samples, workload, against).map(({ round, measurement }) => [round, valueOf(measurement)]));
	const ratios = of(samples, workload, target).flatMap(({ round, measurement }) => {
		const anchor = anchors.get(round);
		return anchor === undefined ? [] : [valueOf(measurement) / anchor];
	});
	return ratios.length === 0 ? null : spreadOf(ratios);
}

function of(samples: readonly Sample[], workload: Workload, target: TargetName): readonly Sample[] {
	return samples.filter((sample) => sample.workload === workload && sample.target === target);
}

function cpuPerUnit({ proxyUs, units }: Measurement): number {
	return proxyUs / units;
}

function unitsPerCoreSecond({ proxyUs, units }: Measurement): number {
	return (units / proxyUs) * 1e6;
}

function unitsPerSecond({ units, windowUs }: Measurement): number {
	return (units / windowUs) * 1e6;
}
