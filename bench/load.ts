/**
 * The load generator: takes jobs, one line of JSON each, on standard input and answers each with one line.
 *
 *  - A job opens its connections, lets them run warm, then measures one window. Counts and CPU times are read together, synchronously, at both
 *    ends of the window, so that neither runs ahead of the other.
 *  - Paced streams are longer than their window and are read to their end: the window sees tokens alone, and a stream that is cut short is noticed.
 *  - Short requests and unpaced streams are asked for by wrk where the job says so: it takes a fraction of the CPU that the callers written here need.
 *  - Every wait has an end, and the process ends with its standard input.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { Run } from "./callers.ts";
import { type CoreTimes, coreTimes, cpuTimeOf } from "./cpu.ts";
import type { Job, Measurement, Reply } from "./measurement.ts";
import { FLOOD_TOKENS, PLAYS, requestParts, TOKENS_PER_SECOND } from "./scripted.ts";
import { quantile } from "./statistics.ts";
import { readWrk, wrkScript } from "./wrk.ts";

const execFileText = promisify(execFile);
const LONGEST_WAIT_MS = 20_000;
/** For what slow gateways have in their queues. */
const LONGEST_END_MS = 60_000;
const LOOK_EVERY_MS = 20;
/**
 * Paced streams last so much longer than is needed, because a window that begins or ends late must not see one end. Where it did, on a machine that
 * others keep busy, the window is tried again with the next.
 */
const SPARE_SECONDS = [1, 4, 10] as const;

/** The streams ended before the window did: nothing is wrong but the time. */
class TooShort extends Error {}

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
	const { paced, stream } = PLAYS[job.workload];
	if (job.wrk !== null && !paced && (stream === null || !job.rewritten)) return measureWithWrk(job, job.wrk);
	if (!paced) return measureWithCallers(job, FLOOD_TOKENS);
	for (const spareSeconds of SPARE_SECONDS) {
		const tokens = Math.ceil(((job.warmUpMs + job.windowMs) / 1000 + spareSeconds) * TOKENS_PER_SECOND);
		try {
			return await measureWithCallers(job, tokens);
		} catch (error) {
			if (!(error instanceof TooShort)) throw error;
		}
	}
	throw new TooShort("streams end within the window however long they are");
}

async function measureWithCallers(job: Job, tokens: number): Promise<Measurement> {
	const { paced } = PLAYS[job.workload];
	const run = new Run(job, tokens);
	const { tally } = run;
	try {
		await run.start();
		if (paced) await within(run, "each stream has a token", () => tally.begun === job.connections);
		await run.orFailed(sleep(job.warmUpMs));
		tally.waitsMs = [];
		const before = read(job, tally.units);
		await run.orFailed(sleep(job.windowMs));
		const after = read(job, tally.units);
		const waitsMs = tally.waitsMs.toSorted((a, b) => a - b);
		if (paced && tally.ended > 0) throw new TooShort();
		run.stop();
		await within(run, "every caller has its last answer", () => tally.ended === job.connections, LONGEST_END_MS);
		return between(before, after, waitsOf(waitsMs));
	} finally {
		run.close();
	}
}

/**
 * wrk says its count only when it ends, so the window is its whole life: its start, its connections and its end, 20 ms together, are in it. It counts
 * whole answers, so that of unpaced streams those cut off by the end are missing: half a stream for each caller, 2 % where tokens are cheap. A slow
 * gateway, where it would be much, is left to the callers written here.
 */
async function measureWithWrk(job: Job, { program, folder }: { readonly program: string; readonly folder: string }): Promise<Measurement> {
	const script = join(folder, "wrk.lua");
	writeFileSync(script, wrkScript(requestParts(job.workload, job.authorization, FLOOD_TOKENS), job.fields));
	const { path } = PLAYS[job.workload];
	const url = `${job.trusted === null ? "http" : "https"}://${job.host}:${job.port}${path}`;
	const seconds = Math.max(1, Math.round(job.windowMs / 1000));
	const args = ["-t1", `-c${job.connections}`, `-d${seconds}s`, "--timeout", `${LONGEST_WAIT_MS / 1000}s`, "-s", script, url];
	const before = read(job, 0);
	const { stdout } = await execFileText(program, args, { timeout: seconds * 1000 + LONGEST_WAIT_MS });
	const { requests, waitMs } = readWrk(stdout);
	const unitsEach = PLAYS[job.workload].stream === null ? 1 : FLOOD_TOKENS;
	return between(before, read(job, requests * unitsEach), waitMs);
}

function read(job: Job, units: number): Reading {
	return {
		units,
		atMs: performance.now(),
		proxyUs: cpuTimeOf(job.proxy.pid),
		loadUs: cpuTimeOf(process.pid),
		upstreamUs: cpuTimeOf(job.upstream.pid),
		proxyCore: coreTimes(job.proxy.core),
		loadCore: coreTimes(job.loadCore),
	};
}

function between(before: Reading, after: Reading, waitMs: Measurement["waitMs"]): Measurement {
	const core = (from: CoreTimes, to: CoreTimes) => ({ busyUs: to.busyUs - from.busyUs, stolenUs: to.stolenUs - from.stolenUs });
	return {
		units: after.units - before.units,
		windowUs: (after.atMs - before.atMs) * 1000,
		proxyUs: after.proxyUs - before.proxyUs,
		loadUs: after.loadUs - before.loadUs,
		upstreamUs: after.upstreamUs - before.upstreamUs,
		proxyCore: core(before.proxyCore, after.proxyCore),
		loadCore: core(before.loadCore, after.loadCore),
		waitMs,
	};
}

function waitsOf(sorted: readonly number[]): Measurement["waitMs"] {
	return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? 0 };
}

async function within(run: Run, what: string, holds: () => boolean, longestMs = LONGEST_WAIT_MS): Promise<void> {
	const until = performance.now() + longestMs;
	while (!holds()) {
		if (performance.now() > until) throw new Error(`after ${longestMs / 1000} s it is not so that ${what}`);
		await run.orFailed(sleep(LOOK_EVERY_MS));
	}
}
