/**
 * Says where a profiled Rempart spent its own time: a short reading of the `.cpuprofile` files that V8 wrote when it stopped.
 *
 * Self time only, without idle time, and only between two instants: start-up and warm-up are nobody's question here. The files themselves open in
 * Chrome's developer tools. Samples are wall time: where a thread waits for the core that it shares with the others, that counts as its own.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The parts of V8's format that are read here. */
interface Profile {
	readonly nodes: readonly {
		readonly id: number;
		readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
	}[];
	/** µs on the clock of `process.hrtime`, which all processes of a machine share. */
	readonly startTime: number;
	/** One node id for each sample, and the time since the sample before, in µs. */
	readonly samples: readonly number[];
	readonly timeDeltas: readonly number[];
}

/** Both ends in µs on the clock of `process.hrtime`. */
export interface Span {
	readonly fromUs: number;
	readonly toUs: number;
}

const SHOWN = 40;
const LONGEST_NAME = 80;
const LEAST_SHARE = 0.002;

/** Markdown: each profile of the folder, its hottest functions and its sum by folder of the source. */
export function hottest(folder: string, root: string, span: Span): string {
	const files = readdirSync(folder).filter((name) => name.endsWith(".cpuprofile"));
	return files.map((name) => `\n## ${name}\n\n${reading(join(folder, name), root, span)}`).join("\n");
}

function reading(file: string, root: string, { fromUs, toUs }: Span): string {
	// Written by V8 in its own format, just now.
	const profile = JSON.parse(readFileSync(file, "utf8")) as Profile;
	const prefix = `${pathToFileURL(root).href}/`;
	const nodes = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
	const functions = new Map<string, number>();
	const folders = new Map<string, number>();
	let total = 0;
	let at = profile.startTime;
	for (const [index, id] of profile.samples.entries()) {
		const frame = nodes.get(id);
		const us = profile.timeDeltas[index] ?? 0;
		at += us;
		if (at < fromUs || at > toUs) continue;
		if (frame === undefined || frame.functionName === "(idle)") continue;
		const place = frame.url.startsWith(prefix) ? frame.url.slice(prefix.length) : frame.url;
		total += us;
		add(
			functions,
			`${frame.functionName === "" ? "(anonymous)" : frame.functionName.slice(0, LONGEST_NAME)} ${place}:${frame.lineNumber + 1}`,
			us,
		);
		add(folders, folderOf(place, frame.functionName), us);
	}
	return [`${(total / 1e6).toFixed(2)} s without idle time`, "", ...ranked(folders, total), "", ...ranked(functions, total), ""].join("\n");
}

function folderOf(place: string, functionName: string): string {
	if (place.startsWith("node:")) return "(Node itself)";
	if (place.startsWith("node_modules/")) return "(packages)";
	if (place !== "") return place.slice(0, place.lastIndexOf("/"));
	// Regular expressions are named by their source, and those of addresses are long.
	return functionName.startsWith("RegExp:") ? "(regular expressions)" : functionName || "(native)";
}

function ranked(times: ReadonlyMap<string, number>, total: number): readonly string[] {
	return [...times]
		.toSorted(([, a], [, b]) => b - a)
		.filter(([, us]) => us / total >= LEAST_SHARE)
		.slice(0, SHOWN)
		.map(([name, us]) => `${((us / total) * 100).toFixed(1).padStart(5)} %  ${name}`);
}

function add(sums: Map<string, number>, name: string, us: number): void {
	sums.set(name, (sums.get(name) ?? 0) + us);
}
