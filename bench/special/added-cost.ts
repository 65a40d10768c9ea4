/**
 * What a short request costs more on one gateway than on another that differs in one thing: measured in turn, compared within each round.
 *
 * A round is many short turns of the one and of the other, all of each taken together: what the machine's other users do in a second then falls upon both
 * alike, and what a gateway does only now and then (it saves what is counted every few seconds) is in every round.
 */
import type { Figure } from "../figure.ts";
import { spreadOf } from "../statistics.ts";
import { perform } from "./jobs.ts";
import { startScript } from "./scene.ts";
import type { SpecialSurroundings } from "./special.ts";
import type { Target, TurnsJob, TurnsResult } from "./turns-load.ts";

/** A gateway that is asked, and the keys under which. */
export interface Subject extends Target {
	stop(): Promise<void>;
}

const CONNECTIONS = 64;
const TURN_MS = 250;
/** The compilers need some hundred thousand requests. */
const FIRST_TURNS = 60;
const SLACK_MS = 60_000;

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
	const [rounds, turns] = around.quick ? [2, 8] : [5, 60];
	const load = startScript("turns-load", around);
	const targets = [comparison.without, comparison.with].map(({ pid, port, keyFile }) => ({ pid, port, keyFile }));
	const measure = async (each: number): Promise<readonly [withoutUs: number, withUs: number]> => {
		const job = { targets, connections: CONNECTIONS, addresses, turns: each, turnMs: TURN_MS };
		const [without, beside] = await perform<TurnsJob, TurnsResult>(load, job, 2 * each * TURN_MS + SLACK_MS);
		return [costOf(without), costOf(beside)];
	};
	await measure(around.quick ? 1 : FIRST_TURNS);
	const costs: (readonly [withoutUs: number, withUs: number])[] = [];
	for (let round = 1; round <= rounds; round += 1) {
		const [withoutUs, withUs] = await measure(turns);
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

function costOf(result: TurnsResult[number] | undefined): number {
	if (result === undefined || result.requests === 0) throw new Error("a gateway answered nothing");
	return result.gatewayUs / result.requests;
}
