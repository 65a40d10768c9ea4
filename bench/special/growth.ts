/**
 * Whether anything is kept of requests that are over: 100,000 of them, every fifth broken off by its caller, and then what is still held.
 *
 * Garbage is collected before both readings, by a probe that is loaded beside the server; the server has no switch for it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { type Held, isHeld } from "../../test/support/memory-probe.ts";
import type { Figure } from "../figure.ts";
import type { GrowthJob, GrowthResult } from "./growth-load.ts";
import { perform } from "./jobs.ts";
import { type SpecialGateway, startGateway, startScript, startUpstream } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";

const PROBE = fileURLToPath(new URL("../../test/support/memory-probe.ts", import.meta.url));
const REQUESTS = 100_000;
const QUICK_REQUESTS = 10_000;
/** Compiled code and the heap's own size settle first. */
const WARM_UP = 60_000;
const QUICK_WARM_UP = 5_000;
const CALLERS = 32;
const LONGEST_MS = 600_000;
const SETTLE_MS = 2_000;
const KILOBYTE = 1024;

export async function growth(around: SpecialSurroundings): Promise<readonly Figure[]> {
	const requests = around.quick ? QUICK_REQUESTS : REQUESTS;
	const upstream = await startUpstream(around);
	const gateway = await startGateway({ name: "growth", upstream: upstream.url, flags: ["--expose-gc", "--import", PROBE] }, around);
	const load = startScript("growth-load", around);
	const authorization = await gateway.authorize("user");
	const ask = (count: number) =>
		perform<GrowthJob, GrowthResult>(load, { port: gateway.port, authorization, requests: count, callers: CALLERS }, LONGEST_MS);
	await ask(around.quick ? QUICK_WARM_UP : WARM_UP);
	const before = await held(gateway);
	around.note(`growth: warm, ${(before.heap / KILOBYTE).toFixed(0)} KB on the heap`);
	const { completed, aborted } = await ask(requests);
	const after = await held(gateway);
	await Promise.all([load.stop(), gateway.stop(), upstream.stop()]);
	const per1000 = (bytes: number) => (bytes / KILOBYTE / requests) * 1_000;
	const heap = after.heap + after.buffers - before.heap - before.buffers;
	const said = `${completed} requests answered, ${aborted} broken off`;
	return [
		{
			id: "growth/held",
			what: "memory still held after 1,000 requests, every fifth broken off",
			value: per1000(heap),
			unit: "KB",
			spread: null,
			atLeast: 8,
			aim: 1,
			better: "less",
			detail: `objects and buffers, garbage collected; ${said}; ${(heap / KILOBYTE).toFixed(0)} KB more on ${(before.heap / KILOBYTE).toFixed(0)}`,
		},
		{
			id: "growth/resident",
			what: "growth of resident memory in 1,000 requests, every fifth broken off",
			value: per1000(after.resident - before.resident),
			unit: "KB",
			spread: null,
			atLeast: 256,
			aim: 64,
			better: "less",
			detail: `${(before.resident / KILOBYTE / KILOBYTE).toFixed(0)} MB before, ${(after.resident / KILOBYTE / KILOBYTE).toFixed(0)} MB after; the runtime's heap has its final size late`,
		},
		{
			id: "growth/left-behind",
			what: "sockets, timers and the like left behind by callers who had gone",
			value: countOf(after) - countOf(before),
			unit: "",
			spread: null,
			atLeast: 8,
			aim: 2,
			better: "less",
			detail: "a timer of the event log may just be running; kept connections to the upstream are not counted",
		},
	];
}

async function held({ admin, child, pid }: SpecialGateway): Promise<Held> {
	for (let load = await admin.load(); load.requests + load.streams + load.queued + load.connections > 0; load = await admin.load()) {
		await sleep(SETTLE_MS / 20);
	}
	await sleep(SETTLE_MS);
	process.kill(pid, "SIGUSR2");
	for (;;) {
		const said: unknown = JSON.parse(await child.nextLine(LONGEST_MS));
		if (isHeld(said)) return said;
	}
}

function countOf({ resources }: Held): number {
	return Object.entries(resources).reduce((sum, [kind, count]) => (kind === "TCPSocketWrap" || kind === "PipeWrap" ? sum : sum + count), 0);
}
