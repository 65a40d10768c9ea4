/**
 * What a short request costs more on one gateway than on another that differs in one thing: measured in turn, compared within each round.
 *
 * A round is many short windows of the one and of the other, all of each taken together: what the machine's other users do in a second then falls upon both
 * alike, and what a gateway does only now and then (it saves what is counted every few seconds) is in every round.
 */
import type { Child } from "../children.ts";
import type { Figure } from "../figure.ts";
import { spreadOf } from "../statistics.ts";
import { cpuPerRequest, measured } from "./cpu-per-request.ts";
import { startScript } from "./scene.ts";
import type { ShortResult } from "./short-load.ts";
import type { SpecialSurroundings } from "./special.ts";

/** A gateway that is asked, and the keys under which. */
export interface Subject {
	readonly pid: number;
	readonly port: number;
	/** Holds one key a line. */
	readonly keyFile: string;
	stop(): Promise<void>;
}

const CONNECTIONS = 64;
/** The compilers need some hundred thousand requests. */
const FIRST_WARM_UP_MS = 15_000;
const WARM_UP_MS = 150;

/** The two, and how what is measured is told. */
export interface Comparison extends Pick<Figure, "id" | "what"> {
	readonly name: string;
	readonly without: Subject;
	readonly with: Subject;
	/** So many loopback addresses the callers come from. */
	readonly addresses: number;
	/** Percent. */
	readonly aim: number;
	/** How they come. */
	readonly callers: string;
}

/** Stops both when it is done. */
export async function addedCost(comparison: Comparison, around: SpecialSurroundings): Promise<readonly Figure[]> {
	const load = startScript("short-load", around);
	const { percent, withoutUs, withUs } = await compared(load, comparison, around);
	await Promise.all([load.stop(), comparison.without.stop(), comparison.with.stop()]);
	const { id, what, aim, callers } = comparison;
	return [
		{
			id,
			what,
			value: percent.median,
			unit: "%",
			spread: [percent.least, percent.most],
			atLeast: 10,
			aim,
			better: "less",
			detail: `${withoutUs.toFixed(1)} and ${withUs.toFixed(1)} µs; ${callers}`,
		},
	];
}

/** Of the rounds' differences, as shares of the cost without; and the medians, in µs of CPU per request. */
async function compared(load: Child, comparison: Comparison, { quick, note }: SpecialSurroundings) {
	const [rounds, windows, windowMs] = quick ? [2, 2, 1_000] : [5, 12, 1_000];
	const { name, addresses } = comparison;
	const measure = ({ pid, port, keyFile }: Subject, warmUpMs: number): Promise<ShortResult> =>
		measured(load, { pid, port, keyFile, connections: CONNECTIONS, addresses, warmUpMs, windowMs });
	for (const subject of [comparison.without, comparison.with]) await measure(subject, quick ? WARM_UP_MS : FIRST_WARM_UP_MS);
	const costs: { readonly withoutUs: number; readonly withUs: number }[] = [];
	for (let round = 1; round <= rounds; round += 1) {
		const without: ShortResult[] = [];
		const beside: ShortResult[] = [];
		for (let window = 0; window < windows; window += 1) {
			// Each goes first as often as second.
			const swapped = window % 2 === 1;
			if (swapped) beside.push(await measure(comparison.with, WARM_UP_MS));
			without.push(await measure(comparison.without, WARM_UP_MS));
			if (!swapped) beside.push(await measure(comparison.with, WARM_UP_MS));
		}
		const [withoutUs, withUs] = [cpuPerRequest(without), cpuPerRequest(beside)];
		costs.push({ withoutUs, withUs });
		note(`${name}, round ${round} of ${rounds}: ${withoutUs.toFixed(1)} and ${withUs.toFixed(1)} µs`);
	}
	return {
		percent: spreadOf(costs.map(({ withoutUs, withUs }) => (withUs / withoutUs - 1) * 100)),
		withoutUs: spreadOf(costs.map(({ withoutUs }) => withoutUs)).median,
		withUs: spreadOf(costs.map(({ withUs }) => withUs)).median,
	};
}
