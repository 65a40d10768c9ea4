/**
 * From where and with what each principal usually calls, and the moment when that changes: what a leaked key looks like from here.
 *
 *  - A day after a principal was first seen, a country, a network or a kind of client that is new to it is told, once. It is a sign and no proof: people travel and
 *    programs are exchanged. Nothing is refused for it.
 *  - A request that comes like the one before it costs a look-up and two comparisons.
 *  - Pure state, bounded: so many habits of each principal, of which the one used least recently is forgotten, and each after a quarter of a year; and so many
 *    principals. Who was not seen for a day gives way to a newcomer. Where nobody was, the newcomer is not observed: if each forgot another, nobody would be
 *    known for long enough to be told of, and every request would pay for that.
 */
import type { FamiliaritySnapshot } from "../ports/familiarity-store.ts";

import { networkOf } from "../std/network-of.ts";
import { clientFamily } from "./client-family.ts";

export interface Sighting {
	readonly principal: string;
	readonly peer: string;
	readonly userAgent: string | null;
	/** Unix ms. */
	readonly at: number;
}

export type Habit = "country" | "network" | "client";

export interface Unfamiliar {
	readonly what: Habit;
	readonly seen: string;
	/** The one used last before. */
	readonly usual: string;
}

interface Known {
	readonly since: number;
	/** When each was last seen; the order is that of use. */
	readonly habits: Readonly<Record<Habit, Map<string, number>>>;
	peer: string;
	userAgent: string | null;
	refreshedAt: number;
}

/** Somebody who moves about at home or at work mostly stays within; a provider elsewhere is outside. */
const WIDE = { v4: 16, v6: 32 } as const;
const LEARNING_MS = 86_400_000;
const AWAY_MS = 86_400_000;
const KEPT_MS = 90 * 86_400_000;
const REFRESH_MS = 3_600_000;
const MOST_PRINCIPALS = 10_000;
const MOST_HABITS = 16;

const NOTHING: readonly Unfamiliar[] = Object.freeze([]);

export class Familiarity {
	readonly #countryOf: (peer: string) => string | null;
	readonly #known = new Map<string, Known>();
	#changed = false;

	/** `countryOf`: null where nobody knows. Where a country is known, it is told instead of the network. */
	constructor(countryOf: (peer: string) => string | null) {
		this.#countryOf = countryOf;
	}

	/** What is new about this request of a principal whom we know. */
	observe({ principal, peer, userAgent, at }: Sighting): readonly Unfamiliar[] {
		const known = this.#known.get(principal);
		if (known === undefined) {
			this.#learn(principal, peer, userAgent, at);
			return NOTHING;
		}
		if (known.peer === peer && known.userAgent === userAgent && at - known.refreshedAt < REFRESH_MS) return NOTHING;
		this.#known.delete(principal);
		this.#known.set(principal, known);
		Object.assign(known, { peer, userAgent, refreshedAt: at });
		const learning = at - known.since < LEARNING_MS;
		const told: Unfamiliar[] = [];
		const country = this.#countryOf(peer);
		for (const [what, seen] of [
			["country", country],
			["network", networkOf(peer, WIDE)],
			["client", clientFamily(userAgent)],
		] as const) {
			if (seen === null) continue;
			const usual = lastOf(known.habits[what]);
			if (use(known.habits[what], seen, at)) continue;
			this.#changed = true;
			const said = what === "network" && country !== null;
			if (!learning && !said && usual !== undefined) told.push({ what, seen, usual });
		}
		return told;
	}

	/** Whether there is something new to keep since the last snapshot. Times alone are not. */
	get changed(): boolean {
		return this.#changed;
	}

	snapshot(): FamiliaritySnapshot {
		this.#changed = false;
		return Array.from(this.#known, ([principal, { since, habits }]) => [
			principal,
			since,
			[...habits.country],
			[...habits.network],
			[...habits.client],
		]);
	}

	/** For a new one, before anything is observed. */
	restore(snapshot: FamiliaritySnapshot): void {
		const habitOf = (rows: FamiliaritySnapshot[number][2]): Map<string, number> => new Map(rows.slice(-MOST_HABITS));
		for (const [principal, since, countries, networks, clients] of snapshot.slice(-MOST_PRINCIPALS)) {
			const habits = { country: habitOf(countries), network: habitOf(networks), client: habitOf(clients) };
			const refreshedAt = clients.reduce((latest, [, at]) => Math.max(latest, at), since);
			this.#known.set(principal, { since, habits, peer: "", userAgent: null, refreshedAt });
		}
	}

	#learn(principal: string, peer: string, userAgent: string | null, at: number): void {
		if (this.#known.size >= MOST_PRINCIPALS) {
			const [oldest] = this.#known;
			if (oldest === undefined || Math.abs(at - oldest[1].refreshedAt) < AWAY_MS) return;
			this.#known.delete(oldest[0]);
		}
		const country = this.#countryOf(peer);
		const habits = {
			country: new Map(country === null ? [] : [[country, at]]),
			network: new Map([[networkOf(peer, WIDE), at]]),
			client: new Map([[clientFamily(userAgent), at]]),
		};
		this.#changed = true;
		this.#known.set(principal, { since: at, habits, peer, userAgent, refreshedAt: at });
	}
}

/** Whether it was a habit; it is one now. */
function use(habits: Map<string, number>, name: string, at: number): boolean {
	const usedAt = habits.get(name);
	habits.delete(name);
	habits.set(name, at);
	if (habits.size > MOST_HABITS) {
		const [oldest] = habits.keys();
		if (oldest !== undefined) habits.delete(oldest);
	}
	return usedAt !== undefined && at - usedAt < KEPT_MS;
}

function lastOf(habits: ReadonlyMap<string, number>): string | undefined {
	let last: string | undefined;
	for (const name of habits.keys()) last = name;
	return last;
}
