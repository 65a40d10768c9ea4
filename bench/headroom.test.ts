import assert from "node:assert/strict";
import { test } from "node:test";

import { headroomsOf } from "./headroom.ts";
import type { Measurement } from "./measurement.ts";
import type { Workload } from "./scripted.ts";
import { type Sample, summarise } from "./summary.ts";
import type { TargetName } from "./target.ts";

test("the fastest proxy of a workload is held against the generator that fed it", () => {
	const rows = summarise([sample("chat", "nginx", 10_000), sample("chat", "haproxy", 20_000), sample("flood", "nginx", 90_000)]);
	const headrooms = headroomsOf(rows, [
		{ workload: "chat", generator: "wrk", perSecond: 40_000 },
		{ workload: "chat", generator: "own", perSecond: 15_000 },
		{ workload: "flood", generator: "own", perSecond: 100_000 },
	]);
	assert.deepEqual(
		headrooms.map(({ fastest, share }) => [fastest?.target, share]),
		[
			["haproxy", 0.5],
			[undefined, Number.NaN],
			["nginx", 0.9],
		],
	);
});

test("without wrk our own callers are the ones in question", () => {
	const [headroom] = headroomsOf(summarise([sample("chat", "nginx", 10_000)]), [{ workload: "chat", generator: "own", perSecond: 20_000 }]);
	assert.equal(headroom?.share, 0.5);
});

function sample(workload: Workload, target: TargetName, perSecond: number): Sample {
	const core = { busyUs: 1e6, stolenUs: 0 };
	const measurement: Measurement = {
		units: perSecond,
		windowUs: 1e6,
		proxyUs: 1e6,
		loadUs: 1e6,
		upstreamUs: 0,
		proxyCore: core,
		loadCore: core,
		waitMs: { p50: 1, p99: 1, max: 1 },
	};
	return { round: 1, workload, target, measurement };
}
