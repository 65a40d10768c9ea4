/**
 * A queue that serves principals in turn, so that one with a thousand waiting requests delays another by one.
 *
 * Bounded by `capacity` in all. `push` and `shift` are O(1); `remove` is linear in one principal's waiting requests.
 */
export class FairQueue<T> {
	readonly #capacity: number;
	/** Insertion order is the turn: whoever was served goes to the end. */
	readonly #waiting = new Map<string, T[]>();
	#size = 0;

	constructor(capacity: number) {
		this.#capacity = capacity;
	}

	get size(): number {
		return this.#size;
	}

	/** False where the queue is full. */
	push(principal: string, item: T): boolean {
		if (this.#size >= this.#capacity) return false;
		const line = this.#waiting.get(principal);
		if (line === undefined) this.#waiting.set(principal, [item]);
		else line.push(item);
		this.#size += 1;
		return true;
	}

	shift(): T | undefined {
		for (const [principal, line] of this.#waiting) {
			const item = line.shift();
			this.#waiting.delete(principal);
			if (line.length > 0) this.#waiting.set(principal, line);
			if (item === undefined) continue;
			this.#size -= 1;
			return item;
		}
		return undefined;
	}

	/** Whether it was still waiting. */
	remove(principal: string, item: T): boolean {
		const line = this.#waiting.get(principal);
		const at = line?.indexOf(item) ?? -1;
		if (line === undefined || at === -1) return false;
		line.splice(at, 1);
		if (line.length === 0) this.#waiting.delete(principal);
		this.#size -= 1;
		return true;
	}
}
