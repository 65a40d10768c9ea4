/** The report as Markdown: head, figures with their verdicts, rows, how the load generator was checked, doubts. */
import { unmeasured } from "./bounds.ts";
import type { Figure } from "./figure.ts";
import { headroomsOf, type Straight } from "./headroom.ts";
import type { Machine } from "./machine.ts";
import type { Options } from "./options.ts";
import { FLOOD_BURST, FLOOD_TOKENS, PLAYS, TOKENS_PER_SECOND } from "./scripted.ts";
import type { Spread } from "./statistics.ts";
import { doubtsAbout, type Row, type Sample } from "./summary.ts";
import { digits, figureTable, spreadText, table } from "./table.ts";

export interface Report {
	readonly at: string;
	readonly machine: Machine;
	readonly options: Options;
	/** Of the rounds and of the special workloads. */
	readonly figures: readonly Figure[];
	readonly rows: readonly Row[];
	/** What load generator and upstream do without a proxy between them. */
	readonly straight: readonly Straight[];
	/** Windows of peers that were measured again. */
	readonly discarded: readonly string[];
	readonly samples: readonly Sample[];
}

export function markdownOf({ at, machine, options, figures, rows, straight, discarded }: Report): string {
	const doubts = [...doubtsAbout(rows), ...discarded.map((what) => `Measured again after a wrong answer of the peer: ${what}`)];
	const programs = Object.entries(machine.programs).map(([name, version]) => `${name} ${version}`);
	const missing = unmeasured(figures);
	const details = figures.filter(({ detail }) => detail !== null).map(({ what, detail }) => `- ${what}: ${detail}`);
	return [
		"# Rempart beside its peers",
		"",
		`${at} · ${machine.processor}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB · Linux ${machine.kernel}`,
		`Rempart ${machine.rempart} on Node ${machine.node}, OpenSSL ${machine.openssl} · ${programs.join(", ")}`,
		...(options.profile ? ["", "**Measured under a profiler: not for publication.**"] : []),
		"",
		"## Figures",
		"",
		...figureTable(figures),
		...(details.length === 0 ? [] : ["", ...details]),
		...(missing.length === 0 ? [] : ["", `Not measured in this run: ${missing.join(", ")}.`]),
		"",
		"## Rounds",
		"",
		methodOf(options),
		"",
		...table(
			["workload", "proxy", "CPU µs per request or token", "ratio", "per second", "wait p50, p99 ms", "proxy, load core busy"],
			rows.map(cellsOf),
		),
		"",
		"## Load generator",
		"",
		...loadLines(machine, rows, straight),
		...(doubts.length === 0 ? [] : ["", "## Doubts", "", ...doubts.map((doubt) => `- ${doubt}`)]),
		"",
	].join("\n");
}

function methodOf({ rounds, seconds, connections, streams }: Options): string {
	return (
		`${rounds} interleaved rounds, windows of ${seconds} s, of paced streams ${seconds * 2} s; medians, with the least and the most in brackets. Proxies on one core, load generator ` +
		`and upstream on another. Short requests: ${connections} callers, one request each at a time (4 with bcrypt, 8 on LiteLLM, which would only ` +
		`queue more). Streams: ${streams} (8 on LiteLLM), paced at ${TOKENS_PER_SECOND} tokens/s, or unpaced, ${FLOOD_TOKENS} tokens each in bursts of ` +
		`${FLOOD_BURST}, every token a chunk of its own. Waits are for an answer, for the end of an unpaced stream, or between two reads of a paced one. ` +
		"CPU by /proc/PID/stat, threads and children included."
	);
}

function loadLines(machine: Machine, rows: readonly Row[], straight: readonly Straight[]): readonly string[] {
	const who = machine.programs["wrk"] === undefined ? "the callers of this bench: wrk is missing" : `wrk ${machine.programs["wrk"]}`;
	const intro =
		`Short requests and unpaced streams come from ${who}, those of gateways that write streams anew and paced ones from callers of this bench, which ` +
		"count tokens as they come. Each was sent straight to the scripted upstream as well, without a proxy: where as much comes through the fastest " +
		"proxy, it was the generator that was measured by the clock. Figures are therefore made of CPU time: a rate is units for each second of the " +
		"proxy's CPU, which is what its core does when it is full. Whoever sends, an answer of Rempart that is not 2xx fails the run (a peer's " +
		"window is measured again, once), and before the rounds every answer is compared with what the upstream said.";
	const cells = headroomsOf(rows, straight).map(({ workload, generator, perSecond, fastest, share }) => [
		PLAYS[workload].title,
		generator,
		perSecond.toFixed(0),
		fastest === null ? "–" : `${fastest.perSecond.toFixed(0)} (${fastest.target}): ${(share * 100).toFixed(0)} %`,
	]);
	return [intro, "", ...table(["workload", "generator", "straight, per second", "through the fastest proxy"], cells)];
}

function cellsOf(row: Row): readonly string[] {
	const { workload, target, cpuUs, ratios, unitsPerSecond, waitP50Ms, waitP99Ms, proxyBusy, loadCoreBusy } = row;
	return [
		PLAYS[workload].title,
		target,
		spreadText(cpuUs),
		ratios.map(({ against, ratio }) => `${spreadText(ratio, "×")} ${against}`).join("; ") || "–",
		unitsPerSecond.median.toFixed(unitsPerSecond.median < 100 ? 1 : 0),
		`${digits(waitP50Ms.median)}, ${digits(waitP99Ms.median)}`,
		`${percent(proxyBusy)}, ${percent(loadCoreBusy)}`,
	];
}

function percent({ median }: Spread): string {
	return `${(median * 100).toFixed(0)} %`;
}
