/**
 * `npm run bench`: what Rempart costs, side by side with its peers, in one run on one machine.
 *
 *  - Proxies share one core, load generator and upstream another, and only one proxy has work at a time.
 *  - Rounds interleave: each proxy is measured once in each, in an order that turns, so that a machine that changes changes for all.
 *  - Special workloads come behind the rounds, when the proxies have stopped: each has the machine to itself.
 *  - CPU time is the kernel's, requests and tokens are counted whole and checked; one wrong answer of Rempart fails the run.
 *  - Ends by itself, and leaves no process and no file behind but the report in `bench/out`, whether it ends well, badly or by a signal.
 *    Until then Rempart's event log grows under the temporary directory: about 1 GB in a run of the default length.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { figuresOf, unmeasured } from "./bounds.ts";
import { makeCertificate } from "./certificate.ts";
import { missedBounds } from "./check.ts";
import { Children } from "./children.ts";
import type { Figure } from "./figure.ts";
import { installPeers } from "./install-peers.ts";
import { allowedCores, describeMachine, findProgram } from "./machine.ts";
import { type Options, readOptions, refuseToPublish, USAGE } from "./options.ts";
import { findPeers, REMEDIES } from "./peers.ts";
import { planOf } from "./plan.ts";
import { hottest } from "./profile.ts";
import { readmeTable, withTable } from "./readme-table.ts";
import { markdownOf, type Report } from "./report.ts";
import { measureRounds, measureStraight, type Stage, warmUp } from "./rounds.ts";
import { runSpecials, type SpecialName } from "./special/index.ts";
import type { SpecialSurroundings } from "./special/special.ts";
import { startTargets } from "./start-targets.ts";
import { summarise } from "./summary.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(HERE);
const OUT = join(HERE, "out");
const START_MS = 30_000;

interface Result {
	readonly report: Report;
	/** A sentence for each special workload that did not come to its end. */
	readonly failures: readonly string[];
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
	let options: ReturnType<typeof readOptions>;
	try {
		options = readOptions(args);
		if (options === "install-peers") installPeers(note);
		else if (options !== "help" && options.reuse) return conclude(options, lastReport());
	} catch (error) {
		return refuse(messageOf(error), "npm run bench -- --help");
	}
	if (options === "help") {
		process.stdout.write(USAGE);
		return 0;
	}
	if (options === "install-peers") return 0;
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
		const { report, failures } = await bench(options, children, folder);
		if (interrupted !== null) return interrupted;
		keepReport(report);
		for (const failure of failures) process.stderr.write(`error: ${failure}\n`);
		return failures.length > 0 ? 1 : conclude(options, report);
	} catch (error) {
		if (interrupted !== null) return interrupted;
		process.stderr.write(`error: ${messageOf(error)}\n`);
		return 1;
	} finally {
		await children.stopAll();
		if (options.keep) note(`kept: ${folder}`);
	}
}

async function bench(options: Options, children: Children, folder: string): Promise<Result> {
	const [core = 0, loadCore = core] = allowedCores();
	if (core === loadCore) note("only one core may be used: proxies and load share it, and figures are worth little");
	const peers = findPeers(options);
	if (peers.wrk === undefined) note(`wrk is missing, and short requests come from slower callers: ${REMEDIES.wrk}`);
	const machine = describeMachine(ROOT, Object.fromEntries(Object.entries(peers).map(([name, { version }]) => [name, version])));
	const script = (name: string) => children.start({ name, program: process.execPath, args: [join(HERE, `${name}.ts`)], core: loadCore });
	const upstream = script("upstream");
	const upstreamPort = portIn(JSON.parse(await upstream.nextLine(START_MS)));
	const load = script("load");
	const surroundings = { children, folder, core, upstreamPort, certificate: await makeCertificate(folder) };
	const profileFolder = options.profile ? join(OUT, "profile") : null;
	if (profileFolder !== null) rmSync(profileFolder, { recursive: true, force: true });
	const stage: Stage = {
		options,
		load,
		upstream: { pid: upstream.pid, port: upstreamPort },
		proxyCore: core,
		loadCore,
		wrk: peers.wrk === undefined ? null : { program: peers.wrk.program, folder },
		note,
	};

	const names = options.targets.filter((name) => planOf([name], options.workloads).length > 0);
	const wanted = { root: ROOT, targets: names, peers, profileFolder, note };
	const targets = options.workloads.length === 0 ? [] : await startTargets(wanted, surroundings);
	await warmUp(stage, targets);
	const straight = await measureStraight(stage);
	const fromUs = monotonicUs();
	const { samples, discarded } = await measureRounds(stage, targets);
	const span = { fromUs, toUs: monotonicUs() };
	// A profile is written when its process stops, and who is measured alone must have the machine alone.
	await Promise.all(targets.map(({ stop }) => stop()));
	if (profileFolder !== null) process.stdout.write(hottest(profileFolder, ROOT, span));
	const special = await runEach(options.specials, {
		...surroundings,
		loadCore,
		upstreamPid: upstream.pid,
		root: ROOT,
		quick: options.quick,
		note,
	});
	const figures = [...figuresOf(samples), ...special.figures];
	const report = { at: new Date().toISOString(), machine, options, figures, rows: summarise(samples), straight, discarded, samples };
	return { report, failures: special.failures };
}

/** One that fails takes neither the rounds nor the others with it. */
async function runEach(
	names: readonly SpecialName[],
	around: SpecialSurroundings,
): Promise<Omit<Result, "report"> & Pick<Report, "figures">> {
	const figures: Figure[] = [];
	const failures: string[] = [];
	for (const name of names) {
		try {
			figures.push(...(await runSpecials([name], around)));
		} catch (error) {
			failures.push(`special workload ${name}: ${messageOf(error)}`);
		}
	}
	return { figures, failures };
}

function lastReport(): Report {
	// Written by the function below.
	return JSON.parse(readFileSync(join(OUT, "report.json"), "utf8")) as Report;
}

function keepReport(report: Report): void {
	const markdown = markdownOf(report);
	mkdirSync(OUT, { recursive: true });
	writeFileSync(join(OUT, "report.md"), markdown);
	writeFileSync(join(OUT, "report.json"), `${JSON.stringify(report, null, "\t")}\n`);
	process.stdout.write(markdown);
}

/** What the flags want done with a report, measured now or before. The exit status. */
function conclude({ check, readme }: Options, { at, machine, options, figures }: Report): number {
	if (readme) {
		refuseToPublish(options);
		const file = join(ROOT, "README.md");
		writeFileSync(file, withTable(readFileSync(file, "utf8"), readmeTable(at, machine, options.rounds, figures)));
		note("wrote the table of README.md");
	}
	if (!check) return 0;
	const missing = unmeasured(figures);
	if (missing.length > 0) note(`not measured, and so not checked: ${missing.join(", ")}`);
	const missed = missedBounds(figures);
	for (const sentence of missed) note(sentence);
	return missed.length === 0 ? 0 : 1;
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
