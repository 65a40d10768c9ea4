/** Whether the load generator could have sent more: what it does straight to the upstream, beside what came through the fastest proxy. */
import type { Workload } from "./scripted.ts";
import type { Row } from "./summary.ts";
import type { TargetName } from "./target.ts";

/** One window without a proxy: load generator and upstream on their core, as in the rounds. */
export interface Straight {
	readonly workload: Workload;
	readonly generator: "wrk" | "own";
	readonly perSecond: number;
}

export interface Headroom extends Straight {
	/** Null where this generator fed no proxy. */
	readonly fastest: { readonly target: TargetName; readonly perSecond: number } | null;
	/** Of what the generator can do; NaN where it fed no proxy. */
	readonly share: number;
}

/** Where there are two generators for a workload, the rows are by wrk. */
export function headroomsOf(rows: readonly Row[], straight: readonly Straight[]): readonly Headroom[] {
	return straight.map((one) => {
		const idle = one.generator === "own" && straight.some((other) => other.workload === one.workload && other.generator === "wrk");
		const [fastest] = idle
			? []
			: rows
					.filter(({ workload }) => workload === one.workload)
					.map(({ target, unitsPerSecond }) => ({ target, perSecond: unitsPerSecond.median }))
					.toSorted((a, b) => b.perSecond - a.perSecond);
		return { ...one, fastest: fastest ?? null, share: (fastest?.perSecond ?? Number.NaN) / one.perSecond };
	});
}
