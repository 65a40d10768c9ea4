import assert from "node:assert/strict";
import { test } from "node:test";

import { BOUNDS, figuresOf, unmeasured } from "./bounds.ts";
import { verdictOf } from "./figure.ts";
import type { Measurement } from "./measurement.ts";
import { planOf } from "./plan.ts";
import { WORKLOADS, type Workload } from "./scripted.ts";
import type { Sample } from "./summary.ts";
import { TARGET_NAMES, type TargetName } from "./target.ts";

const IDS = BOUNDS.map(({ measure, workload, against }) => `${workload}-${measure}/${against}`);

test("nothing measured is no figure, and every bound is named as unmeasured", () => {
	assert.deepEqual(figuresOf([]), []);
	assert.equal(unmeasured([]).length, BOUNDS.filter(({ atLeast }) => atLeast !== null).length);
});

test("ids are unique, and every bound is on something that a whole run measures", () => {
	assert.equal(new Set(IDS).size, IDS.length);
	const plan = planOf(TARGET_NAMES, WORKLOADS);
	for (const { workload, against } of BOUNDS) {
		assert.ok(
			plan.some((cell) => cell.workload === workload && cell.target === against),
			`${workload} on ${against}`,
		);
	}
});

test("CPU is better the less it is, and a rate the more", () => {
	const figures = figuresOf([
		sample("chat", "nginx", { proxyUs: 1e6 }),
		sample("chat", "rempart", { proxyUs: 1.9e6 }),
		sample("flood", "nginx", { units: 100_000 }),
		sample("flood", "rempart", { units: 90_000 }),
	]);
	const verdicts = figures.map((figure) => [figure.id, Number(figure.value.toFixed(3)), verdictOf(figure)]);
	assert.deepEqual(verdicts, [
		["chat-cpu/nginx", 1.9, "missed"],
		["flood-rate/nginx", 0.9, "met"],
	]);
	assert.ok(!unmeasured(figures).includes("chat-cpu/nginx"));
	assert.ok(unmeasured(figures).includes("get-cpu/nginx"));
});

test("TLS is compared with TLS", () => {
	assert.deepEqual(figuresOf([sample("chat", "nginx-tls"), sample("chat", "rempart")]), []);
	assert.deepEqual(
		figuresOf([sample("chat", "nginx-tls"), sample("chat", "rempart-tls")]).map(({ id, value }) => [id, value]),
		[["chat-cpu/nginx-tls", 1]],
	);
});

function sample(workload: Workload, target: TargetName, measurement: Partial<Measurement> = {}): Sample {
	const core = { busyUs: 1e6, stolenUs: 0 };
	const usual = { units: 100_000, windowUs: 1e6, proxyUs: 1e6, loadUs: 1e6, upstreamUs: 0, proxyCore: core, loadCore: core };
	return { round: 1, workload, target, measurement: { ...usual, waitMs: { p50: 1, p99: 1, max: 1 }, ...measurement } };
}
