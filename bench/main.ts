/**
 * `npm run bench`: what Rempart costs, side by side with nginx, in one run on one machine.
 *
 *  - Proxies share one core, load generator and upstream another, and only one proxy has work at a time.
 *  - Rounds interleave: each proxy is measured once in each, in an order that turns, so that a machine that changes changes for all.
 *  - CPU time is the kernel's, requests and tokens are counted whole and checked; one wrong answer fails the run.
 *  - Ends by itself, and leaves no process and no file behind but the report in `bench/out`, whether it ends well, badly or by a signal.
 *    Until then Rempart's event log grows under the temporary directory: about 1 GB in a run of the default length.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { makeCertificate } from "./certificate.ts";
import { type Child, Children } from "./children.ts";
import type { Figure } from "./figure.ts";
import { allowedCores, describeMachine, findProgram, type Machine } from "./machine.ts";
import type { Job, Measurement, Reply } from "./measurement.ts";
import { startNginx } from "./nginx.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { hottest } from "./profile.ts";
import { startRempart } from "./rempart.ts";
import { markdownOf } from "./report.ts";
import type { Workload } from "./scripted.ts";
import { runSpecials } from "./special/index.ts";
import { type Sample, summarise } from "./summary.ts";
import type { Surroundings, Target, TargetName } from "./target.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(HERE);
const OUT = join(HERE, "out");
/** The runtime's compilers have done their work after so many requests or tokens; nginx needs none of it, and soon has them. */
const FIRST_WARM_UP_UNITS = 20_000;
const FIRST_WARM_UP_MS = 1_500;
/** On a machine that is too busy to get there. */
const FIRST_WARM_UPS = 4;
const WARM_UP_MS = 400;
/** Beyond warm-up and window: connecting, and reading streams to their end. */
const SLACK_MS = 30_000;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
	let options: Options | "help";
	try {
		options = readOptions(args);
	} catch (error) {
		return refuse(messageOf(error), "npm run bench -- --help");
	}
	if (options === "help") {
		process.stdout.write(USAGE);
		return 0;
	}
	if (process.platform !== "linux") return refuse("CPU time is read from /proc, which only Linux has", "run it on Linux");
	if (findProgram("taskset") === null) return refuse("taskset is missing", "apt-get install util-linux");

	const children = new Children();
	const folder = mkdtempSync(join(tmpdir(), "rempart-bench-"));
	const clean = () => {
		if (!options.keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
	};
	process.on("exit", clean);
	let interrupted: number | null = null;
	for (const [signal, number] of [["SIGINT", 2] as const, ["SIGTERM", 15] as const, ["SIGHUP", 1] as const]) {
		// Stopping the children fails whatever the bench waits for, and that leads to the end below.
		process.on(signal, () => {
			interrupted ??= 128 + number;
			void children.stopAll();
		});
	}
	try {
		await bench(options, children, folder);
		return interrupted ?? 0;
	} catch (error) {
		if (interrupted !== null) return interrupted;
		process.stderr.write(`error: ${messageOf(error)}\n`);
		return 1;
	} finally {
		await children.stopAll();
		if (options.keep) note(`kept: ${folder}`);
	}
}

async function bench(options: Options, children: Children, folder: string): Promise<void> {
	const [proxyCore = 0, loadCore = proxyCore] = allowedCores();
	if (proxyCore === loadCore) note("only one core may be used: proxies and load share it, and figures are worth little");
	const machine = describeMachine(ROOT, findProgram("nginx"));
	const script = (name: string) => children.start({ name, program: process.execPath, args: [join(HERE, `${name}.ts`)], core: loadCore });
	const upstream = script("upstream");
	const upstreamPort = portIn(JSON.parse(await upstream.nextLine(SLACK_MS)));
	const load = script("load");
	const certificate = await makeCertificate(folder);
	const surroundings = { children, folder, core: proxyCore, upstreamPort, certificate };
	const targets = options.workloads.length === 0 ? [] : await startTargets(options, machine, surroundings);

	const jobFor = (target: Target, workload: Workload, warmUpMs: number, windowMs: number): Job => ({
		workload,
		host: target.host,
		port: target.port,
		trusted: target.trusted,
		authorization: target.authorization,
		connections: workload === "stream" ? options.streams : options.connections,
		warmUpMs,
		windowMs,
		proxy: { pid: target.pid, core: proxyCore },
		upstream: { pid: upstream.pid },
		loadCore,
	});
	for (const target of targets) {
		note(`warming up ${target.name}`);
		for (const workload of options.workloads) {
			let units = 0;
			for (let run = 0; units < FIRST_WARM_UP_UNITS && run < FIRST_WARM_UPS; run += 1) {
				units += (await perform(load, target, jobFor(target, workload, 0, FIRST_WARM_UP_MS))).units;
			}
		}
	}
	const samples: Sample[] = [];
	const fromUs = monotonicUs();
	for (let round = 1; round <= options.rounds; round += 1) {
		for (const workload of options.workloads) {
			for (const target of turned(targets, round)) {
				const measurement = await perform(load, target, jobFor(target, workload, WARM_UP_MS, options.seconds * 1000));
				samples.push({ round, workload, target: target.name, measurement });
				note(`round ${round} of ${options.rounds}: ${workload} on ${target.name}, ${perUnit(measurement)}`);
			}
		}
	}
	const span = { fromUs, toUs: monotonicUs() };
	const { special, quick } = options;
	const figures = await runSpecials(special, { ...surroundings, loadCore, upstreamPid: upstream.pid, root: ROOT, quick, note });
	// A profile is written when its process stops.
	await children.stopAll();
	publish(options, machine, samples, figures);
	if (options.profile) process.stdout.write(hottest(join(OUT, "profile"), ROOT, span));
}

async function startTargets(options: Options, machine: Machine, surroundings: Surroundings): Promise<readonly Target[]> {
	const nginx = findProgram("nginx");
	if (machine.nginx === null) note("nginx is missing, so there is nothing to compare with: apt-get install nginx-light");
	const profileFolder = options.profile ? join(OUT, "profile") : null;
	if (profileFolder !== null) rmSync(profileFolder, { recursive: true, force: true });
	const targets: Target[] = [];
	for (const name of options.targets) {
		const target = await startTarget(name, nginx, profileFolder, surroundings);
		if (target !== null) targets.push(target);
	}
	if (targets.length === 0) throw new Error("there is nothing to measure");
	return targets;
}

async function startTarget(
	name: TargetName,
	nginx: string | null,
	profileFolder: string | null,
	surroundings: Surroundings,
): Promise<Target | null> {
	const tls = name.endsWith("-tls");
	if (name === "rempart" || name === "rempart-tls") return startRempart(ROOT, { name, tls, profileFolder }, surroundings);
	if (nginx === null) return null;
	return startNginx(nginx, { name, tls, accessLog: name === "nginx-log" }, surroundings);
}

async function perform(load: Child, target: Target, job: Job): Promise<Measurement> {
	load.send(JSON.stringify(job));
	// The only writer of these lines is the load generator, which is typed to write replies.
	const reply = JSON.parse(await load.nextLine(job.warmUpMs + job.windowMs + SLACK_MS)) as Reply;
	if ("error" in reply) throw new Error(`${job.workload} on ${target.name}: ${reply.error}`);
	return reply.measurement;
}

function publish(options: Options, machine: Machine, samples: readonly Sample[], figures: readonly Figure[]): void {
	const report = { at: new Date().toISOString(), machine, options, rows: summarise(samples) };
	const markdown = markdownOf(report);
	mkdirSync(OUT, { recursive: true });
	writeFileSync(join(OUT, "report.md"), markdown);
	writeFileSync(join(OUT, "report.json"), `${JSON.stringify({ ...report, figures, samples }, null, "\t")}\n`);
	process.stdout.write(markdown);
	for (const { id, value, unit, detail } of figures) note(`${id}: ${value.toFixed(2)} ${unit} (${detail ?? ""})`);
}

/** Each round begins with another one, so that none always follows the same neighbour's heat. */
function turned<T>(list: readonly T[], by: number): readonly T[] {
	const start = by % list.length;
	return [...list.slice(start), ...list.slice(0, start)];
}

function perUnit({ proxyUs, units, windowUs }: Measurement): string {
	return `${(proxyUs / units).toFixed(1)} µs, ${((units / windowUs) * 1e6).toFixed(0)}/s`;
}

function monotonicUs(): number {
	return Number(process.hrtime.bigint() / 1000n);
}

function portIn(value: unknown): number {
	const port: unknown = typeof value === "object" && value !== null ? Reflect.get(value, "port") : undefined;
	if (typeof port !== "number") throw new Error("the upstream did not say its port");
	return port;
}

function note(text: string): void {
	process.stderr.write(`${text}\n`);
}

function refuse(what: string, next: string): number {
	process.stderr.write(`error: ${what}\nhint: ${next}\n`);
	return 2;
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
