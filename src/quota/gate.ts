/** So many places, and the queue before them. Places that are free are given to whoever is next; nobody waits while there is one. */
import { FairQueue, type Queued } from "./fair-queue.ts";

/** What goes through. */
export interface Passing<Self> extends Queued<Self> {
	/** Monotonic ms at which it got its place. */
	readonly grantedAt: number;
}

export class Gate<Item extends Passing<Item>> {
	readonly queue = new FairQueue<Item>();
	/** Places in all; may be Infinity. */
	limit: number;
	/** Places that are held. */
	held = 0;
	/** Monotonic ms at which the last backlog began. */
	#since = 0;

	constructor(limit: number) {
		this.limit = limit;
	}

	get hasRoom(): boolean {
		return this.held < this.limit;
	}

	wait(place: Item, now: number): void {
		if (this.queue.size === 0) this.#since = now;
		this.queue.push(place);
	}

	/**
	 * Charges what a place that is left really cost, where somebody waits for it: of what was used, that part which fell into this backlog, less what was
	 * charged in it when the place was given. `backlog` is the one in which that was.
	 */
	settle(place: Item, cost: number, backlog: number, now: number): void {
		if (this.queue.size === 0) return;
		if (backlog === this.queue.backlog) {
			this.queue.charge(place.principal, place.standing, cost - place.cost);
			return;
		}
		const held = now - place.grantedAt;
		const within = held <= 0 ? 1 : Math.min(1, (now - this.#since) / held);
		this.queue.charge(place.principal, place.standing, cost * within);
	}

	/** How a place that waits here stands: 1 is the next. */
	outlook(place: Item): { readonly position: number; readonly waitMs: number } {
		const { queue, limit } = this;
		const work = queue.workBefore(place);
		const mean = queue.size === 0 ? 0 : queue.cost / queue.size;
		const most = place.line === null ? queue.size + 1 : queue.size;
		const position = mean === 0 ? most : Math.min(most, 1 + Math.floor(work / mean + 1e-9));
		// The first of the places to become free does so, on average, after that part of a request.
		return { position, waitMs: (work + (mean * limit) / (limit + 1)) / limit };
	}
}
