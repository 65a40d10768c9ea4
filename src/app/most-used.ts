/**
 * Who used most of a budget. There may be a hundred thousand of them, and streams go on while somebody looks: so it is done a part at a time, and nothing is
 * worked out for whoever is not among the first.
 */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";

import type { Counter } from "../quota/counter.ts";
import { type Standing, standingOf } from "../quota/standing.ts";

/** Less than a millisecond. */
const LOOKED_AT_ONCE = 4_096;

interface Ranked {
	readonly counter: Counter;
	/** Used and held. */
	readonly amount: number;
}

/** `limit` of them at most, whoever used and holds most first. Each stands as it does at the end; whoever was forgotten meanwhile used nothing. */
export async function mostUsed(counters: Iterable<Counter>, limit: number, now: () => number): Promise<readonly Standing[]> {
	let ranked: Ranked[] = [];
	let looked = 0;
	for (const counter of counters) {
		const { who, budget } = counter;
		ranked.push({ counter, amount: who.used(budget, now()) + who.reserved(budget) });
		if (ranked.length >= 2 * limit + LOOKED_AT_ONCE) ranked = first(ranked, limit);
		looked += 1;
		if (looked % LOOKED_AT_ONCE === 0) await turnOfTheLoop();
	}
	const left = first(ranked, limit).filter(({ counter }) => !counter.who.gone);
	return left.map(({ counter }) => standingOf(counter, now()));
}

function first(ranked: readonly Ranked[], limit: number): Ranked[] {
	return ranked.toSorted((one, other) => other.amount - one.amount).slice(0, limit);
}
