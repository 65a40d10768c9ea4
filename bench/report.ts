/** The report as Markdown: head, table, aims, doubts. */
import type { Machine } from "./machine.ts";
import type { Options } from "./options.ts";
import { TOKENS_PER_SECOND, type Workload } from "./scripted.ts";
import type { Spread } from "./statistics.ts";
import { AIMS, doubtsAbout, type Row } from "./summary.ts";

const TITLES: Readonly<Record<Workload, string>> = {
	get: "GET /api/tags",
	chat: "POST /api/chat, whole answer",
	stream: "POST /api/chat, streamed",
};

export interface Report {
	readonly at: string;
	readonly machine: Machine;
	readonly options: Options;
	readonly rows: readonly Row[];
}

export function markdownOf({ at, machine, options, rows }: Report): string {
	const doubts = doubtsAbout(rows);
	return [
		"# Rempart beside its peers",
		"",
		`${at} · ${machine.processor}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB · Linux ${machine.kernel}`,
		`Rempart ${machine.rempart} on Node ${machine.node}, OpenSSL ${machine.openssl} · nginx ${machine.nginx ?? "not installed"}`,
		"",
		`${options.rounds} interleaved rounds, windows of ${options.seconds} s; medians, with the least and the most in brackets. Proxies on one core, ` +
			`load generator and upstream on another. Short requests: ${options.connections} callers, one request each at a time. Streams: ` +
			`${options.streams} at ${TOKENS_PER_SECOND} tokens/s. CPU by /proc/PID/stat, threads and children included.`,
		...(options.profile ? ["", "**Measured under a profiler: not for publication.**"] : []),
		"",
		...table(
			["workload", "proxy", "CPU µs per request or token", "ratio", "per second", "wait p50, p99 ms", "proxy, load core busy"],
			rows.map(cellsOf),
		),
		"",
		...table(["aim", "measured", "at least", "aim"], aimCells(rows)),
		...(doubts.length === 0 ? [] : ["", ...doubts.map((doubt) => `- ${doubt}`)]),
		"",
	].join("\n");
}

function cellsOf({
	workload,
	target,
	cpuUs,
	ratios,
	unitsPerSecond,
	waitP50Ms,
	waitP99Ms,
	proxyBusy,
	loadCoreBusy,
}: Row): readonly string[] {
	return [
		TITLES[workload],
		target,
		spreadText(cpuUs, 1),
		ratios.map(({ against, ratio }) => `${spreadText(ratio, 2, "×")} ${against}`).join("; ") || "1",
		unitsPerSecond.median.toFixed(0),
		`${waitP50Ms.median.toFixed(2)}, ${waitP99Ms.median.toFixed(2)}`,
		`${percent(proxyBusy)}, ${percent(loadCoreBusy)}`,
	];
}

function aimCells(rows: readonly Row[]): readonly (readonly string[])[] {
	const ratios = rows.flatMap((row) => row.ratios).filter(({ target }) => target === "rempart");
	return AIMS.map(({ what, workload, against, atMost, aim }) => {
		const found = ratios.find((ratio) => ratio.workload === workload && ratio.against === against);
		const measured =
			found === undefined ? "not measured" : `${found.ratio.median.toFixed(2)}×: ${verdict(found.ratio.median, atMost, aim)}`;
		return [what, measured, `${atMost}×`, `${aim}×`];
	});
}

function verdict(measured: number, atMost: number, aim: number): string {
	if (measured > atMost) return "missed";
	return measured > aim ? "reached" : "aim reached";
}

function spreadText({ median, least, most }: Spread, digits: number, unit = ""): string {
	return `${median.toFixed(digits)}${unit} [${least.toFixed(digits)}–${most.toFixed(digits)}]`;
}

function percent({ median }: Spread): string {
	return `${(median * 100).toFixed(0)} %`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
	const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
	const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
	return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}
