/**
 * What a short request costs more on one gateway than on another that differs in one thing: measured in turn, compared within each round.
 *
 *  - A round is many laps: a short turn of the one and of the other. What the machine's other users do in a second falls upon both alike.
 *  - Of each round the half of the laps counts in which both together were cheapest: in the others the machine was busy with something else, and a single
 *    one of them can move the difference by more than is looked for. A lap is not left out for its difference. Of those that count, all of each is taken
 *    together, so that what a gateway does only now and then (it saves what is counted every few seconds) is in every round.
 *  - Before the first round every key was used once: what is compared is how the two serve callers whom they know, not how they get to know them.
 */
import type { Figure } from "../figure.ts";
import { spreadOf } from "../statistics.ts";
import { perform } from "./jobs.ts";
import { startScript } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";
import type { Lap, Target, TurnsJob, TurnsResult } from "./turns-load.ts";

/** A gateway that is asked, and the keys under which. */
export interface Subject extends Target {
	stop(): Promise<void>;
}

const CONNECTIONS = 64;
const TURN_MS = 250;
/** The compilers need some hundred thousand requests, also where there are few keys. */
const FIRST_LAPS = 60;
const SLACK_MS = 60_000;
const FIRST_MS = 300_000;

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
	const { percent, withoutUs, withUs } = await compared(comparison, around);
	await Promise.all([comparison.without.stop(), comparison.with.stop()]);
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
async function compared(comparison: Comparison, around: SpecialSurroundings) {
	const { name, addresses } = comparison;
	const [rounds, laps] = around.quick ? [2, 8] : [5, 60];
	const load = startScript("turns-load", around);
	const targets = [comparison.without, comparison.with].map(({ pid, port, keyFile }) => ({ pid, port, keyFile }));
	const run = async (each: number | null, limitMs: number): Promise<TurnsResult> =>
		await perform<TurnsJob, TurnsResult>(load, { targets, connections: CONNECTIONS, addresses, laps: each, turnMs: TURN_MS }, limitMs);
	const measure = async (each: number): Promise<TurnsResult> => await run(each, 2 * each * TURN_MS + SLACK_MS);
	await run(null, FIRST_MS);
	await measure(around.quick ? 1 : FIRST_LAPS);
	const costs: (readonly [withoutUs: number, withUs: number])[] = [];
	for (let round = 1; round <= rounds; round += 1) {
		const calm = calmestOf(await measure(laps));
		const [withoutUs, withUs] = [costOf(calm, 0), costOf(calm, 1)];
		costs.push([withoutUs, withUs]);
		around.note(`${name}, round ${round} of ${rounds}: ${withoutUs.toFixed(1)} and ${withUs.toFixed(1)} µs`);
	}
	await load.stop();
	return {
		percent: spreadOf(costs.map(([withoutUs, withUs]) => (withUs / withoutUs - 1) * 100)),
		withoutUs: spreadOf(costs.map(([withoutUs]) => withoutUs)).median,
		withUs: spreadOf(costs.map(([, withUs]) => withUs)).median,
	};
}

/** The half in which a request cost least, at all together. */
function calmestOf(laps: TurnsResult): TurnsResult {
	const costs = laps.map((lap) => ({ lap, us: lap.reduce((sum, { gatewayUs, requests }) => sum + gatewayUs / Math.max(1, requests), 0) }));
	const sorted = costs.toSorted((one, other) => one.us - other.us);
	return sorted.slice(0, Math.ceil(laps.length / 2)).map(({ lap }) => lap);
}

/** Of one of the targets, in µs for each request. */
function costOf(laps: TurnsResult, target: number): number {
	const [us, requests] = [sumOf(laps, target, "gatewayUs"), sumOf(laps, target, "requests")];
	if (requests === 0) throw new Error("a gateway answered nothing");
	return us / requests;
}

function sumOf(laps: TurnsResult, target: number, what: keyof Lap[number]): number {
	return laps.reduce((sum, lap) => sum + (lap[target]?.[what] ?? 0), 0);
}
