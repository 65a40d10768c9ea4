/**
 * The load generator: takes jobs, one line of JSON each, on standard input and answers each with one line.
 *
 *  - A job opens its connections, lets them run warm, then measures one window. Counts and CPU times are read together, synchronously, at both
 *    ends of the window, so that neither runs ahead of the other.
 *  - Streams are longer than their window and are read to their end: the window sees tokens alone, and a stream that is cut short is noticed.
 *  - Every wait has an end, and the process ends with its standard input.
 */
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { Run } from "./callers.ts";
import { type CoreTimes, coreTimes, cpuTimeOf } from "./cpu.ts";
import type { Job, Measurement, Reply } from "./measurement.ts";
import { TOKENS_PER_SECOND } from "./scripted.ts";
import { quantile } from "./statistics.ts";

const LONGEST_WAIT_MS = 10_000;
const LOOK_EVERY_MS = 20;
/** Streams last so much longer than is needed, because a window that begins or ends late must not see one end. */
const SPARE_SECONDS = 2;

interface Reading {
	readonly units: number;
	readonly atMs: number;
	readonly proxyUs: number;
	readonly loadUs: number;
	readonly upstreamUs: number;
	readonly proxyCore: CoreTimes;
	readonly loadCore: CoreTimes;
}

for await (const line of createInterface({ input: process.stdin })) {
	// The only writer of these lines is the bench, which is typed to write jobs.
	const job = JSON.parse(line) as Job;
	const reply: Reply = await measure(job).then(
		(measurement) => ({ measurement }),
		(error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
	);
	process.stdout.write(`${JSON.stringify(reply)}\n`);
}
process.exit();

async function measure(job: Job): Promise<Measurement> {
	const tokens = Math.ceil(((job.warmUpMs + job.windowMs) / 1000 + SPARE_SECONDS) * TOKENS_PER_SECOND);
	const run = new Run(job, tokens);
	const { tally } = run;
	try {
		await run.start();
		if (job.workload === "stream") await within(run, "each stream has a token", () => tally.begun === job.connections);
		await run.orFailed(sleep(job.warmUpMs));
		tally.waitsMs = [];
		const before = read(job, run);
		await run.orFailed(sleep(job.windowMs));
		const after = read(job, run);
		const waitsMs = tally.waitsMs.toSorted((a, b) => a - b);
		if (job.workload === "stream" && tally.ended > 0) throw new Error("a stream ended within the window");
		run.stop();
		await within(run, "every caller has its last answer", () => tally.ended === job.connections);
		return between(before, after, waitsMs);
	} finally {
		run.close();
	}
}

function read(job: Job, { tally }: Run): Reading {
	return {
		units: tally.units,
		atMs: performance.now(),
		proxyUs: cpuTimeOf(job.proxy.pid),
		loadUs: cpuTimeOf(process.pid),
		upstreamUs: cpuTimeOf(job.upstream.pid),
		proxyCore: coreTimes(job.proxy.core),
		loadCore: coreTimes(job.loadCore),
	};
}

function between(before: Reading, after: Reading, waitsMs: readonly number[]): Measurement {
	const core = (from: CoreTimes, to: CoreTimes) => ({ busyUs: to.busyUs - from.busyUs, stolenUs: to.stolenUs - from.stolenUs });
	return {
		units: after.units - before.units,
		windowUs: (after.atMs - before.atMs) * 1000,
		proxyUs: after.proxyUs - before.proxyUs,
		loadUs: after.loadUs - before.loadUs,
		upstreamUs: after.upstreamUs - before.upstreamUs,
		proxyCore: core(before.proxyCore, after.proxyCore),
		loadCore: core(before.loadCore, after.loadCore),
		waitMs: { p50: quantile(waitsMs, 0.5), p99: quantile(waitsMs, 0.99), max: waitsMs.at(-1) ?? 0 },
	};
}

async function within(run: Run, what: string, holds: () => boolean): Promise<void> {
	const until = performance.now() + LONGEST_WAIT_MS;
	while (!holds()) {
		if (performance.now() > until) throw new Error(`after ${LONGEST_WAIT_MS / 1000} s it is not so that ${what}`);
		await run.orFailed(sleep(LOOK_EVERY_MS));
	}
}
