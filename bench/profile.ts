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
		readonly children?: readonly number[];
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
	const frames = framesOf(profile, `${pathToFileURL(root).href}/`);
	const [folders, self, whole] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
	let total = 0;
	let at = profile.startTime;
	for (const [index, id] of profile.samples.entries()) {
		const us = profile.timeDeltas[index] ?? 0;
		at += us;
		const frame = frames.get(id);
		if (at < fromUs || at > toUs || frame === undefined || frame.name === "(idle)") continue;
		total += us;
		add(folders, folderOf(frame), us);
		add(self, labelOf(frame), us);
		for (const label of ownCallers(frame)) add(whole, label, us);
	}
	const lists = [
		["self, by folder", folders],
		["self, by function", self],
		["with all that it calls, by function of src", whole],
	] as const;
	const texts = lists.map(([title, times]) => `${title}\n\n${ranked(times, total).join("\n")}\n`);
	return [`${(total / 1e6).toFixed(2)} s without idle time\n`, ...texts].join("\n");
}

interface Frame {
	readonly name: string;
	/** Path below the root, or what V8 says where it is elsewhere. */
	readonly place: string;
	readonly line: number;
	caller: Frame | null;
}

function framesOf({ nodes }: Profile, prefix: string): ReadonlyMap<number, Frame> {
	const frames = new Map<number, Frame>();
	for (const { id, callFrame } of nodes) {
		const { functionName, url, lineNumber } = callFrame;
		const place = url.startsWith(prefix) ? url.slice(prefix.length) : url;
		frames.set(id, { name: functionName || "(anonymous)", place, line: lineNumber + 1, caller: null });
	}
	for (const { id, children = [] } of nodes) {
		for (const child of children) {
			const frame = frames.get(child);
			if (frame !== undefined) frame.caller = frames.get(id) ?? null;
		}
	}
	return frames;
}

/** The functions of src on the stack, each once however often it calls itself. */
function ownCallers(frame: Frame): ReadonlySet<string> {
	const labels = new Set<string>();
	for (let at: Frame | null = frame; at !== null; at = at.caller) if (at.place.startsWith("src/")) labels.add(labelOf(at));
	return labels;
}

function labelOf({ name, place, line }: Frame): string {
	return place === "" ? name.slice(0, LONGEST_NAME) : `${name} ${place}:${line}`;
}

function folderOf({ name, place }: Frame): string {
	if (place.startsWith("node:")) return "(Node itself)";
	if (place.startsWith("node_modules/")) return "(packages)";
	if (place !== "") return place.slice(0, place.lastIndexOf("/"));
	// Regular expressions are named by their source, and those of addresses are long.
	return name.startsWith("RegExp:") ? "(regular expressions)" : name;
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
