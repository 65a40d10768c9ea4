/**
 * Who is checked next: a bounded queue that takes turns among networks, and within a network among accounts.
 *
 *  - Whoever guesses waits behind itself: a thousand guesses from one network delay another network by one check, and a thousand guesses at one
 *    account delay another account of the same network by one.
 *  - A better standing goes first: an account known at its network, then strangers, then those who have been guessing.
 *  - When it is full, a newcomer takes the place of the newest of whoever waits in the longest line of the worst standing, if that is not itself.
 *
 * Cost: `push` and `shift` are O(1) until it is full, then linear in the networks that wait, which `capacity` bounds.
 */
export interface Place {
	readonly network: string;
	readonly account: string;
	/** 0 goes first. */
	readonly standing: Standing;
}

export type Standing = 0 | 1 | 2;

export type Pushed<T> = { readonly taken: false } | { readonly taken: true; readonly crowdedOut: T | null };

interface Line<T> {
	size: number;
	/** The order is the turn: whoever was served goes to the end. */
	readonly accounts: Map<string, T[]>;
}

export class CheckQueue<T extends Place> {
	readonly #capacity: number;
	readonly #standings: readonly Map<string, Line<T>>[] = [new Map(), new Map(), new Map()];
	#size = 0;

	constructor(capacity: number) {
		this.#capacity = capacity;
	}

	get size(): number {
		return this.#size;
	}

	push(item: T): Pushed<T> {
		let crowdedOut: T | null = null;
		if (this.#size >= this.#capacity) {
			crowdedOut = this.#crowdOut(item);
			if (crowdedOut === null) return { taken: false };
		}
		const networks = this.#networks(item);
		let line = networks.get(item.network);
		if (line === undefined) networks.set(item.network, (line = { size: 0, accounts: new Map() }));
		const waiting = line.accounts.get(item.account);
		if (waiting === undefined) line.accounts.set(item.account, [item]);
		else waiting.push(item);
		line.size += 1;
		this.#size += 1;
		return { taken: true, crowdedOut };
	}

	shift(): T | undefined {
		for (const networks of this.#standings) {
			for (const [network, line] of networks) {
				for (const [account, waiting] of line.accounts) {
					const item = waiting.shift();
					if (item === undefined) continue;
					this.#taken(networks, network, line, account, waiting);
					// To the end of both turns.
					if (waiting.length > 0) {
						line.accounts.delete(account);
						line.accounts.set(account, waiting);
					}
					if (line.size > 0) {
						networks.delete(network);
						networks.set(network, line);
					}
					return item;
				}
			}
		}
		return undefined;
	}

	/** Whether it was still waiting. */
	remove(item: T): boolean {
		const networks = this.#networks(item);
		const line = networks.get(item.network);
		const waiting = line?.accounts.get(item.account);
		const at = waiting?.indexOf(item) ?? -1;
		if (line === undefined || waiting === undefined || at === -1) return false;
		waiting.splice(at, 1);
		this.#taken(networks, item.network, line, item.account, waiting);
		return true;
	}

	/** Makes room for `item`; null where everyone who waits has a better claim. */
	#crowdOut(item: T): T | null {
		for (const standing of [2, 1, 0] as const) {
			if (standing < item.standing) return null;
			const networks = this.#standings[standing] ?? new Map<string, Line<T>>();
			const longest = longestOf(networks.values(), (line) => line.size);
			if (longest === null) continue;
			const own = standing === item.standing ? (networks.get(item.network)?.size ?? 0) : 0;
			const accounts = longestOf(longest.accounts.values(), (waiting) => waiting.length);
			const newest = accounts?.at(-1);
			if (newest === undefined) continue;
			// Within one network, the same question among its accounts.
			if (standing === item.standing && longest.size <= own) {
				if (newest.network !== item.network) return null;
				const mine = longest.accounts.get(item.account)?.length ?? 0;
				if ((accounts?.length ?? 0) <= mine + 1) return null;
			} else if (standing === item.standing && longest.size <= own + 1) return null;
			this.remove(newest);
			return newest;
		}
		return null;
	}

	#networks({ standing }: T): Map<string, Line<T>> {
		const networks = this.#standings[standing];
		if (networks === undefined) throw new Error("invariant violated: there are three standings");
		return networks;
	}

	#taken(networks: Map<string, Line<T>>, network: string, line: Line<T>, account: string, waiting: readonly T[]): void {
		line.size -= 1;
		this.#size -= 1;
		if (waiting.length === 0) line.accounts.delete(account);
		if (line.size === 0) networks.delete(network);
	}
}

function longestOf<V>(values: Iterable<V>, lengthOf: (value: V) => number): V | null {
	let longest: V | null = null;
	for (const value of values) if (longest === null || lengthOf(value) > lengthOf(longest)) longest = value;
	return longest;
}
