/**
 * The rounds: every cell of the plan once in each, so that a machine that changes changes for all.
 *
 *  - Before them each proxy answers callers that compare every byte, which also lets compilers do their work.
 *  - Between two windows the proxy has come to rest: what one has left in its queue must not be the next one's time.
 */
import { setTimeout as sleep } from "node:timers/promises";

import type { Child } from "./children.ts";
import { cpuTimeOf } from "./cpu.ts";
import type { Straight } from "./headroom.ts";
import type { Job, Measurement, Reply } from "./measurement.ts";
import type { Options } from "./options.ts";
import { peerOf } from "./peers.ts";
import { planOf, turned } from "./plan.ts";
import { PLAYS, type Workload } from "./scripted.ts";
import type { Sample } from "./summary.ts";
import type { Target } from "./target.ts";

/** So many answers are compared byte by byte. */
const FIRST_WARM_UP_UNITS = 20_000;
const FIRST_WARM_UP_MS = 1_500;
/** On a proxy that is too slow to get there. */
const FIRST_WARM_UPS = 3;
const QUICK_WARM_UPS = 1;
/**
 * The runtime's compilers have done their work after so many requests or tokens, which wrk asks for fast enough; nginx needs none of it, and soon has
 * them. A server that runs for days is measured, not one that was just started.
 */
const COMPILED_UNITS = 150_000;
const COMPILING_MS = 4_000;
const COMPILING_RUNS = 6;
/** A proxy that does less in one such run has its limit elsewhere. */
const FEW_UNITS = 10_000;
const WARM_UP_MS = 400;
const STRAIGHT_MS = 2_000;
const QUICK_STRAIGHT_MS = 1_000;
/** Beyond warm-up and window: connecting, reading streams to their end, and trying again. */
const SLACK_MS = 240_000;
const REST_MS = 50;
/** Timers of its own, and the tick in which times come. */
const REST_CPU_US = 10_000;
const LONGEST_REST_MS = 5_000;

export interface Stage {
	readonly options: Options;
	readonly load: Child;
	readonly upstream: { readonly pid: number; readonly port: number };
	readonly proxyCore: number;
	readonly loadCore: number;
	/** Null where it is missing. */
	readonly wrk: Job["wrk"];
	readonly note: (text: string) => void;
}

type Reached = Omit<Target, "name" | "stop">;

/** Throws at the first wrong answer. */
export async function warmUp(stage: Stage, targets: readonly Target[]): Promise<void> {
	for (const target of targets) {
		stage.note(`warming up ${target.name}`);
		for (const { workload } of planOf([target.name], stage.options.workloads)) {
			const runs = PLAYS[workload].paced ? 1 : stage.options.quick ? QUICK_WARM_UPS : FIRST_WARM_UPS;
			let units = 0;
			for (let run = 0; units < FIRST_WARM_UP_UNITS && run < runs; run += 1) {
				units += (await perform(stage, target.name, jobFor({ ...stage, wrk: null }, target, workload, 0, FIRST_WARM_UP_MS))).units;
			}
			if (!PLAYS[workload].paced && !stage.options.quick && stage.wrk !== null) await compile(stage, target, workload);
			await rest(target);
		}
	}
}

async function compile(stage: Stage, target: Target, workload: Workload): Promise<void> {
	for (let run = 0, units = 0; units < COMPILED_UNITS && run < COMPILING_RUNS; run += 1) {
		const { units: more } = await perform(stage, target.name, jobFor(stage, target, workload, 0, COMPILING_MS));
		if (more < FEW_UNITS) return;
		units += more;
	}
}

export interface Rounds {
	readonly samples: readonly Sample[];
	/** A sentence for each window of a peer that was measured again because of a wrong answer. */
	readonly discarded: readonly string[];
}

/** A wrong answer of Rempart fails the run at once; one of a peer costs its window, and the run when it comes again in the same window. */
export async function measureRounds(stage: Stage, targets: readonly Target[]): Promise<Rounds> {
	const { options, note } = stage;
	const byName = new Map(targets.map((target) => [target.name, target]));
	const plan = planOf([...byName.keys()], options.workloads);
	const samples: Sample[] = [];
	const discarded: string[] = [];
	for (let round = 1; round <= options.rounds; round += 1) {
		for (const { workload, target: name } of turned(plan, round)) {
			const target = byName.get(name);
			if (target === undefined) continue;
			// A proxy idles through a paced stream, and the kernel counts what little it does in ticks of 10 ms.
			const windowMs = options.seconds * (PLAYS[workload].paced ? 2000 : 1000);
			const job = jobFor(stage, target, workload, WARM_UP_MS, windowMs);
			const measurement = await perform(stage, name, job).catch(async (error: unknown) => {
				if (peerOf(name) === null) throw error;
				discarded.push(`round ${round}, ${error instanceof Error ? error.message : String(error)}`);
				await rest(target);
				return perform(stage, name, job);
			});
			samples.push({ round, workload, target: name, measurement });
			note(`round ${round} of ${options.rounds}: ${workload} on ${name}, ${perUnit(measurement)}`);
			await rest(target);
		}
	}
	return { samples, discarded };
}

/** What the generators do without a proxy: wrk where it is there, and the bench's own callers. */
export async function measureStraight(stage: Stage): Promise<readonly Straight[]> {
	const { upstream, options, wrk } = stage;
	const target: Reached = {
		pid: upstream.pid,
		host: "127.0.0.1",
		port: upstream.port,
		trusted: null,
		authorization: "none",
		fields: [],
		rewritten: false,
		most: null,
	};
	const straight: Straight[] = [];
	for (const workload of options.workloads) {
		if (PLAYS[workload].paced) continue;
		for (const generator of ["wrk", "own"] as const) {
			if (generator === "wrk" && wrk === null) continue;
			if (generator === "own" && wrk !== null && options.quick) continue;
			const windowMs = options.quick ? QUICK_STRAIGHT_MS : STRAIGHT_MS;
			const job = jobFor({ ...stage, wrk: generator === "wrk" ? wrk : null }, target, workload, WARM_UP_MS, windowMs);
			const { units, windowUs } = await perform(stage, "the upstream itself", job);
			straight.push({ workload, generator, perSecond: (units / windowUs) * 1e6 });
		}
	}
	return straight;
}

function jobFor(stage: Stage, target: Reached, workload: Workload, warmUpMs: number, windowMs: number): Job {
	const { options, upstream, proxyCore, loadCore, wrk } = stage;
	const usual = PLAYS[workload].stream === null ? options.connections : options.streams;
	const most = PLAYS[workload].stream === null ? target.most?.connections : target.most?.streams;
	return {
		workload,
		host: target.host,
		port: target.port,
		trusted: target.trusted,
		authorization: target.authorization,
		fields: target.fields,
		rewritten: target.rewritten,
		connections: Math.min(usual, most ?? usual),
		warmUpMs,
		windowMs,
		proxy: { pid: target.pid, core: proxyCore },
		upstream: { pid: upstream.pid },
		loadCore,
		wrk,
	};
}

async function perform({ load }: Stage, name: string, job: Job): Promise<Measurement> {
	load.send(JSON.stringify(job));
	// The only writer of these lines is the load generator, which is typed to write replies.
	const reply = JSON.parse(await load.nextLine(job.warmUpMs + job.windowMs + SLACK_MS)) as Reply;
	if ("error" in reply) throw new Error(`${job.workload} on ${name}: ${reply.error}`);
	return reply.measurement;
}

async function rest({ pid }: Target): Promise<void> {
	const until = performance.now() + LONGEST_REST_MS;
	for (let before = cpuTimeOf(pid); performance.now() < until; ) {
		await sleep(REST_MS);
		const now = cpuTimeOf(pid);
		if (now - before <= REST_CPU_US) return;
		before = now;
	}
}

function perUnit({ proxyUs, units, windowUs }: Measurement): string {
	return `${(proxyUs / units).toFixed(1)} µs, ${((units / windowUs) * 1e6).toFixed(0)}/s`;
}
