import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";

import { coreTimes, cpuTimeOf, parseProcessStat } from "./cpu.ts";

const linux = process.platform === "linux";

test("refuses a line that is not one of /proc/PID/stat", () => {
	assert.throws(() => parseProcessStat("12 (node) S 1"), /not a line/);
});

test("a process that is gone has no CPU time", () => {
	assert.throws(() => cpuTimeOf(2 ** 30), /ENOENT/);
});

test("reads times behind a name with spaces and parentheses", () => {
	const line = "42 (evil) name) 7) S 17 42 42 0 -1 4194560 100 0 0 0 311 89 5 6 20 0 1 0 12345 1000 200";
	assert.deepEqual(parseProcessStat(line), { parent: 17, ticks: 400, reapedTicks: 11 });
});

test("counts what a child used", { skip: !linux && "no /proc here" }, async () => {
	const before = cpuTimeOf(process.pid);
	const child = spawn(process.execPath, [
		"--eval",
		"const until = process.cpuUsage().user + 100_000; while (process.cpuUsage().user < until); console.log(); setInterval(() => {}, 60_000)",
	]);
	await once(child.stdout, "data");
	const after = cpuTimeOf(process.pid);
	child.kill();
	assert.ok(after - before >= 90_000, `${after - before} µs`);
	assert.ok(coreTimes(0).busyUs > 0);
});
