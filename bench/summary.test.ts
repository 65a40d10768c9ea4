import assert from "node:assert/strict";
import { test } from "node:test";

import type { Measurement } from "./measurement.ts";
import { quantile, spreadOf } from "./statistics.ts";
import { doubtsAbout, type Sample, summarise } from "./summary.ts";
import type { TargetName } from "./target.ts";

const QUIET: Measurement = {
	units: 100_000,
	windowUs: 5_000_000,
	proxyUs: 4_900_000,
	loadUs: 2_000_000,
	upstreamUs: 1_000_000,
	proxyCore: { busyUs: 4_950_000, stolenUs: 0 },
	loadCore: { busyUs: 3_050_000, stolenUs: 0 },
	waitMs: { p50: 1, p99: 2, max: 3 },
};

function sample(target: TargetName, round: number, measurement: Partial<Measurement> = {}): Sample {
	return { target, round, workload: "chat", measurement: { ...QUIET, ...measurement } };
}

const doubtful: readonly (readonly [when: string, measurement: Partial<Measurement>, doubt: RegExp])[] = [
	[
		"the generator is full and the proxy is not",
		{ proxyUs: 3e6, proxyCore: { busyUs: 3e6, stolenUs: 0 }, loadUs: 4e6, loadCore: { busyUs: 5e6, stolenUs: 0 } },
		/generator's core was full.*chat on nginx \(100 %\)/,
	],
	["others use the proxy's core", { proxyUs: 2e6 }, /Others used the proxy's core.*chat on nginx \(59 %\)/],
	["others use the generator's core", { loadUs: 1e6 }, /Others used the load generator's core.*\(21 %\)/],
	["the hypervisor takes the proxy's core away", { proxyCore: { busyUs: 4.9e6, stolenUs: 1e6 } }, /Others used the proxy's core.*\(20 %\)/],
];

for (const [when, measurement, doubt] of doubtful) {
	test(`casts doubt on a row when ${when}`, () => {
		const doubts = doubtsAbout(summarise([sample("nginx", 1, measurement)]));
		assert.equal(doubts.length, 1);
		assert.match(doubts.join(), doubt);
	});
}

test("has no doubt about a quiet run, whose proxy is the bottleneck", () => {
	assert.deepEqual(doubtsAbout(summarise([sample("nginx", 1)])), []);
});

test("takes ratios within a round, so that a slow minute does not show in them", () => {
	const rows = summarise([
		sample("nginx", 1, { proxyUs: 1e6 }),
		sample("rempart", 1, { proxyUs: 1.5e6 }),
		sample("nginx", 2, { proxyUs: 2e6 }),
		sample("rempart", 2, { proxyUs: 3e6 }),
		sample("rempart", 3, { proxyUs: 9e6 }),
	]);
	const [ratio, ...others] = rows.find(({ target }) => target === "rempart")?.ratios ?? [];
	assert.deepEqual(others, []);
	assert.deepEqual(ratio, { workload: "chat", target: "rempart", against: "nginx", ratio: { median: 1.5, least: 1.5, most: 1.5 } });
});

test("CPU time is per request", () => {
	assert.equal(summarise([sample("nginx", 1)])[0]?.cpuUs.median, 49);
});

test("quantiles are interpolated, and there is none of nothing", () => {
	assert.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
	assert.equal(quantile([7], 0.99), 7);
	assert.ok(Number.isNaN(quantile([], 0.5)));
	assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, least: 1, most: 3 });
});
