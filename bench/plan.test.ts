import assert from "node:assert/strict";
import { test } from "node:test";

import { planOf, turned } from "./plan.ts";
import { WORKLOADS } from "./scripted.ts";
import { TARGET_NAMES } from "./target.ts";

test("asks nobody for a workload that he does not have", () => {
	assert.deepEqual(planOf(["portkey", "nginx-bcrypt"], ["get", "chat", "chat-v1"]), [
		{ target: "nginx-bcrypt", workload: "chat" },
		{ target: "portkey", workload: "chat-v1" },
	]);
	assert.deepEqual(planOf(["litellm"], ["get"]), []);
});

test("wherever a peer is measured, Rempart is", () => {
	const plan = planOf(TARGET_NAMES, WORKLOADS);
	for (const { target, workload } of plan) {
		const rempart = target.endsWith("-tls") ? "rempart-tls" : "rempart";
		assert.ok(
			plan.some((cell) => cell.target === rempart && cell.workload === workload),
			`${workload} on ${target}`,
		);
	}
});

test("each round has every cell once, workload by workload, and begins with another", () => {
	const plan = planOf(["nginx", "caddy", "rempart"], ["chat", "flood"]);
	const first = new Set<string>();
	for (const round of [1, 2, 3]) {
		const cells = turned(plan, round);
		assert.deepEqual(new Set(cells), new Set(plan));
		assert.equal(cells.length, plan.length);
		assert.deepEqual(
			cells.map(({ workload }) => workload),
			plan.map(({ workload }) => workload),
		);
		first.add(cells[0]?.target ?? "");
	}
	assert.equal(first.size, 3);
});
