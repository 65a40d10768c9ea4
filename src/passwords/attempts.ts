/**
 * Wrong passwords, counted: how long the next attempt has to wait, and who goes first.
 *
 *  - Three counts beside the one of all: by network, by account, and by account at a network. Each fades by half in a quarter of an hour. Beyond what
 *    is free, the wait doubles with each further wrong password up to a cap.
 *  - Nobody locks another out. An account that was right at a network in the last month waits for its own mistakes there alone, and briefly; what
 *    others do to the account, at the network or everywhere does not concern it.
 *  - While wrong passwords come from everywhere, strangers have less that is free. Known ones have as much as ever.
 *  - Names that exist and names that do not are counted alike, so a wait says nothing about a name.
 *  - Pure state: times come in as Unix ms, so that it can be kept over a restart. Subjects come in as opaque texts. Bounded: beyond `MOST` subjects of
 *    a kind, the one that was touched least recently is forgotten; successes are kept apart, so that no flood of guesses washes them out.
 */
import type { AttemptSnapshot } from "../ports/attempt-store.ts";

import type { Standing } from "./check-queue.ts";

export interface Subjects {
	readonly network: string;
	readonly account: string;
	/** The account at the network. */
	readonly pair: string;
}

export interface Standpoint {
	readonly standing: Standing;
	/** Until an attempt is looked at again; 0 where it is looked at now. */
	readonly delayMs: number;
}

/** A count that has just gone beyond what is free, told once until it has faded. */
export type Noticed = "network" | "account" | "everywhere";

interface Count {
	score: number;
	at: number;
	told: boolean;
}

interface Bounds {
	readonly free: number;
	readonly capMs: number;
}

const HALF_LIFE_MS = 15 * 60_000;
const KNOWN_FOR_MS = 30 * 86_400_000;
const FIRST_DELAY_MS = 1_000;
/** Kept small because all of it is written out now and then, on the loop: so many take some milliseconds. */
const MOST = 5_000;
const MOST_KNOWN = 10_000;

const PAIR: Bounds = { free: 5, capMs: 5 * 60_000 };
const KNOWN_PAIR: Bounds = { free: 10, capMs: 10_000 };
const NETWORK: Bounds = { free: 20, capMs: 5 * 60_000 };
const NETWORK_IN_A_STORM: Bounds = { free: 5, capMs: 5 * 60_000 };
const ACCOUNT: Bounds = { free: 50, capMs: 60_000 };
/** Wrong passwords of everyone, above which strangers are met more strictly. */
const STORM = 300;
/** A network with so many has been guessing, or holds somebody who cannot type: others go first. */
const SUSPECT = 3;

export class Attempts {
	readonly #networks = new Map<string, Count>();
	readonly #accounts = new Map<string, Count>();
	readonly #pairs = new Map<string, Count>();
	/** When an account was last right at a network. */
	readonly #known = new Map<string, number>();
	readonly #all: Count = { score: 0, at: 0, told: false };

	standpoint({ network, account, pair }: Subjects, now: number): Standpoint {
		const own = this.#pairs.get(pair);
		if ((this.#known.get(pair) ?? -KNOWN_FOR_MS) > now - KNOWN_FOR_MS) {
			return { standing: scoreOf(own, now) >= SUSPECT ? 1 : 0, delayMs: delayOf(own, KNOWN_PAIR, now) };
		}
		const storm = scoreOf(this.#all, now) >= STORM;
		const there = this.#networks.get(network);
		const delayMs = Math.max(
			delayOf(own, PAIR, now),
			delayOf(there, storm ? NETWORK_IN_A_STORM : NETWORK, now),
			delayOf(this.#accounts.get(account), ACCOUNT, now),
		);
		return { standing: storm || scoreOf(there, now) >= SUSPECT ? 2 : 1, delayMs };
	}

	succeeded({ pair }: Subjects, now: number): void {
		this.#pairs.delete(pair);
		this.#known.delete(pair);
		this.#known.set(pair, now);
		bound(this.#known, MOST_KNOWN);
	}

	failed({ network, account, pair }: Subjects, now: number): readonly Noticed[] {
		add(countIn(this.#pairs, pair), now);
		const noticed: Noticed[] = [];
		if (crosses(add(countIn(this.#networks, network), now), NETWORK.free)) noticed.push("network");
		if (crosses(add(countIn(this.#accounts, account), now), ACCOUNT.free)) noticed.push("account");
		if (crosses(add(this.#all, now), STORM)) noticed.push("everywhere");
		return noticed;
	}

	/** Wrong passwords that still count, rounded; for the record. */
	countOf(of: Noticed, { network, account }: Subjects, now: number): number {
		const counts = { network: this.#networks.get(network), account: this.#accounts.get(account), everywhere: this.#all };
		return Math.round(scoreOf(counts[of], now));
	}

	/** What has not faded, as JSON can hold it. */
	snapshot(now: number): AttemptSnapshot {
		return {
			networks: rowsOf(this.#networks, now),
			accounts: rowsOf(this.#accounts, now),
			pairs: rowsOf(this.#pairs, now),
			all: [scoreOf(this.#all, now), now],
			known: [...this.#known].filter(([, at]) => at > now - KNOWN_FOR_MS),
		};
	}

	/** For a new one, before anything is counted. Times that lie ahead, after a clock was put back, count as now. */
	restore({ networks, accounts, pairs, all, known }: AttemptSnapshot, now: number): void {
		const into = (map: Map<string, Count>, rows: AttemptSnapshot["pairs"]): void => {
			for (const [subject, score, at] of rows.slice(-MOST)) map.set(subject, { score, at: Math.min(at, now), told: true });
		};
		into(this.#networks, networks);
		into(this.#accounts, accounts);
		into(this.#pairs, pairs);
		Object.assign(this.#all, { score: all[0], at: Math.min(all[1], now) });
		for (const [pair, at] of known.slice(-MOST_KNOWN)) this.#known.set(pair, Math.min(at, now));
	}
}

function scoreOf(count: Count | undefined, now: number): number {
	return count === undefined ? 0 : count.score * 2 ** (-Math.max(0, now - count.at) / HALF_LIFE_MS);
}

/** Exponents are cut off well below where a number of ms would overflow. */
function delayOf(count: Count | undefined, { free, capMs }: Bounds, now: number): number {
	const excess = Math.round(scoreOf(count, now)) - free;
	if (count === undefined || excess < 0) return 0;
	const wait = Math.min(capMs, FIRST_DELAY_MS * 2 ** Math.min(30, excess));
	return Math.max(0, Math.min(wait, count.at + wait - now));
}

function add(count: Count, now: number): Count {
	count.score = scoreOf(count, now) + 1;
	count.at = now;
	return count;
}

function crosses(count: Count, free: number): boolean {
	if (count.score < free / 2) count.told = false;
	if (count.told || Math.round(count.score) < free) return false;
	count.told = true;
	return true;
}

function countIn(map: Map<string, Count>, subject: string): Count {
	const count = map.get(subject) ?? { score: 0, at: 0, told: false };
	map.delete(subject);
	map.set(subject, count);
	bound(map, MOST);
	return count;
}

function bound(map: Map<string, unknown>, most: number): void {
	if (map.size <= most) return;
	const [oldest] = map.keys();
	if (oldest !== undefined) map.delete(oldest);
}

const FADED = 0.25;

function rowsOf(map: ReadonlyMap<string, Count>, now: number): AttemptSnapshot["pairs"] {
	return [...map].filter(([, count]) => scoreOf(count, now) > FADED).map(([subject, { score, at }]) => [subject, score, at]);
}
