/**
 * How many bytes callers may make us hold at one time.
 *
 * The per-request limits alone do not bound memory: a thousand honest-looking bodies of 64 MiB would. Every buffered body is reserved here first.
 */
export class ByteBudget {
	#total: number;
	#held = 0;

	constructor(total: number) {
		this.#total = total;
	}

	/** What is held already stays, also where it is more than that. */
	adjust(total: number): void {
		this.#total = total;
	}

	get held(): number {
		return this.#held;
	}

	/** False where the bytes do not fit; then nothing was reserved. */
	reserve(bytes: number): boolean {
		if (this.#held + bytes > this.#total) return false;
		this.#held += bytes;
		return true;
	}

	release(bytes: number): void {
		this.#held -= bytes;
	}
}
