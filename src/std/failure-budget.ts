/**
 * How many failures of a kind are looked at, where looking costs us something and a stranger can make them for nothing: signatures, tokens.
 *
 *  - A bucket a name (a network, or a known key within one), and where it is wanted one for all together. Only failures take from them, so who signs well
 *    pays nothing.
 *  - At most `NAMES_MAX` buckets, the least lately used given up first; a full bucket is not kept at all.
 */
export interface BudgetSpec {
	readonly perSecond: number;
	/** Failures that may come at once after a pause. */
	readonly burst: number;
}

interface Bucket {
	left: number;
	/** Unix ms. */
	at: number;
}

const NAMES_MAX = 4_096;

export class FailureBudget {
	readonly #each: BudgetSpec;
	readonly #all: BudgetSpec | null;
	readonly #together: Bucket;
	readonly #buckets = new Map<string, Bucket>();

	/** `all` bounds the names together; null where one name's failures must not be another's trouble. */
	constructor(each: BudgetSpec, all: BudgetSpec | null) {
		this.#each = each;
		this.#all = all;
		this.#together = { left: all?.burst ?? 0, at: 0 };
	}

	/** Whether another failure of this name may be afforded. */
	affords(name: string, now: number): boolean {
		if (this.#all !== null) {
			refill(this.#together, this.#all, now);
			if (this.#together.left < 1) return false;
		}
		const bucket = this.#buckets.get(name);
		if (bucket === undefined) return true;
		refill(bucket, this.#each, now);
		return bucket.left >= 1;
	}

	failed(name: string, now: number): void {
		if (this.#all !== null) {
			refill(this.#together, this.#all, now);
			this.#together.left -= 1;
		}
		const bucket = this.#buckets.get(name) ?? { left: this.#each.burst, at: now };
		refill(bucket, this.#each, now);
		bucket.left -= 1;
		// Put last again: the map's order is that of use.
		this.#buckets.delete(name);
		this.#buckets.set(name, bucket);
		if (this.#buckets.size <= NAMES_MAX) return;
		for (const oldest of this.#buckets.keys()) {
			this.#buckets.delete(oldest);
			break;
		}
	}

	/** Buckets in memory. */
	get size(): number {
		return this.#buckets.size;
	}
}

function refill(bucket: Bucket, { perSecond, burst }: BudgetSpec, now: number): void {
	// A clock that was set back refills nothing; one that was set forward fills the bucket once.
	bucket.left = Math.min(burst, bucket.left + (Math.max(0, now - bucket.at) / 1000) * perSecond);
	bucket.at = now;
}
