/**
 * Bytes that were pushed and not yet consumed, always as one contiguous stretch: `bytes[start..end)`.
 *
 *  - The usual case costs nothing: a chunk that arrives when all before it was consumed is used where it lies, never copied.
 *  - A chunk that arrives earlier is appended to a buffer of our own that grows by doubling, so that bytes sent one at a time cost a
 *    constant each, not one copy of everything each.
 *  - A view that was handed out is never written to again: growing makes a new buffer, appending writes behind `end` only.
 *  - Where a chunk lies in a buffer that is about to be used again, `keep` copies what is left of it.
 *  - Once everything is consumed the chunk is let go, so that an idle connection does not keep its last 64 KiB alive.
 */
const NOTHING = Buffer.alloc(0);

export class Input {
	bytes: Buffer = NOTHING;
	start = 0;
	end = 0;
	/** Whether `bytes` was allocated here and may be appended to. */
	#own = false;

	get size(): number {
		return this.end - this.start;
	}

	push(chunk: Buffer): void {
		if (chunk.length === 0) return;
		if (this.start === this.end) {
			this.bytes = chunk;
			this.start = 0;
			this.end = chunk.length;
			this.#own = false;
			return;
		}
		if (!this.#own || this.bytes.length - this.end < chunk.length) this.#move(2 * (this.size + chunk.length));
		chunk.copy(this.bytes, this.end);
		this.end += chunk.length;
	}

	/** Hands out the next `length` bytes as a view; at most `size` may be asked for. */
	take(length: number): Buffer {
		const { bytes, start } = this;
		const view = length === bytes.length ? bytes : bytes.subarray(start, start + length);
		this.consume(length);
		return view;
	}

	/** Makes what is left our own. */
	keep(): void {
		if (!this.#own && this.start !== this.end) this.#move(2 * this.size);
	}

	consume(length: number): void {
		this.start += length;
		if (this.start === this.end) this.clear();
	}

	clear(): void {
		this.bytes = NOTHING;
		this.start = 0;
		this.end = 0;
		this.#own = false;
	}

	#move(capacity: number): void {
		const grown = Buffer.allocUnsafe(capacity);
		this.bytes.copy(grown, 0, this.start, this.end);
		this.end -= this.start;
		this.start = 0;
		this.bytes = grown;
		this.#own = true;
	}
}
