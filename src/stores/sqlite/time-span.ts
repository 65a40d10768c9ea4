/** Smallest and greatest event time of a block, whole Unix ms. Reckoned once when a block is written and again when it is verified, by this code. */
export class TimeSpan {
	#first = Number.POSITIVE_INFINITY;
	#last = Number.NEGATIVE_INFINITY;

	/** A time that is no safe number is left out: it must not make a block impossible to store. */
	add(at: number): void {
		if (!Number.isSafeInteger(Math.trunc(at))) return;
		if (at < this.#first) this.#first = at;
		if (at > this.#last) this.#last = at;
	}

	get first(): number {
		return this.#first === Number.POSITIVE_INFINITY ? 0 : Math.floor(this.#first);
	}

	get last(): number {
		return this.#last === Number.NEGATIVE_INFINITY ? 0 : Math.ceil(this.#last);
	}
}
