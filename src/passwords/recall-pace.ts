/**
 * How fast a remembered credential may be guessed at, from the network where it is remembered.
 *
 *  - A look into memory costs microseconds, so without a bound whoever shares an address with a caller who is remembered could try passwords as fast as
 *    the machine answers. A thousand wrong ones are free, which no person comes near; it is a generic cell rate with that burst.
 *  - After that the wrong look pays, not the right one: its answer waits for a turn, five a second, and who is remembered is answered at once. A turn
 *    is owed though the guesser leaves, so breaking off what takes long makes nobody quicker.
 *  - Only where very many turns are owed is nobody looked at, since whoever is right could not be told from the others without a look. What is turned
 *    away then owes nothing, so that it is over seconds after the guessing is.
 */
const INTERVAL_MS = 200;
const FREE = 1_000;
/** Twice as many as one address may have connections by default: room for guessers who leave and come again, beside those who wait. */
const MOST_OWED = 128;
const MOST = 10_000;

export class RecallPace {
	/** By account at a network, for those that have something to remember: when all that is owed will have been paid, what is free included. */
	readonly #paid = new Map<string, number>();

	/** From now on there is something to guess at. */
	begin(pair: string): void {
		if (this.#paid.has(pair)) return;
		this.#paid.set(pair, 0);
		if (this.#paid.size <= MOST) return;
		const [oldest] = this.#paid.keys();
		if (oldest !== undefined) this.#paid.delete(oldest);
	}

	/** Ms until anybody is looked at again; 0 for now. `now`: monotonic ms. */
	closedFor(pair: string, now: number): number {
		return Math.max(0, (this.#paid.get(pair) ?? 0) - now - (FREE + MOST_OWED - 1) * INTERVAL_MS);
	}

	/** What was looked for was not there. Answers the ms until its turn. */
	missed(pair: string, now: number): number {
		const before = this.#paid.get(pair);
		if (before === undefined) return 0;
		const paid = Math.max(before, now) + INTERVAL_MS;
		this.#paid.set(pair, paid);
		return Math.max(0, paid - now - FREE * INTERVAL_MS);
	}
}
