/**
 * A body on its way into memory as a whole: bounded by the budget of all bodies, in as few pieces as its framing allows.
 *
 *  - What is added is copied, because a connection reads into a buffer that is not its own; once, where the body is here in one piece, as nearly all are.
 *  - Small pieces are copied together. Kept as they come, a body in chunks of one byte would cost a hundred times what the budget counted, and an
 *    announced 64 MiB would be 6 GiB.
 */
import type { ByteBudget } from "./byte-budget.ts";

/** A piece below this costs more to keep than to copy. */
const SMALL_BYTES = 4096;
const BLOCK_BYTES = 16 * 1024;

export class BodyCollector {
	readonly #budget: ByteBudget;
	#pieces: Buffer[] = [];
	/** Where small pieces go: from `#start` on bytes that are not among the pieces yet, up to `#end`. */
	#block: Buffer | null = null;
	#start = 0;
	#end = 0;
	#reserved = 0;

	constructor(budget: ByteBudget) {
		this.#budget = budget;
	}

	/** False where the budget has no room; the body is then not to be had. */
	add(bytes: Buffer): boolean {
		if (!this.#budget.reserve(bytes.length)) return false;
		this.#reserved += bytes.length;
		if (bytes.length >= SMALL_BYTES || (this.#pieces.length === 0 && this.#start === this.#end)) {
			this.#settleBlock();
			this.#pieces.push(Buffer.from(bytes));
		} else {
			this.#copy(bytes);
		}
		return true;
	}

	/** What was added, as one; the budget stays reserved until `release`. */
	take(): Buffer {
		this.#settleBlock();
		const [first] = this.#pieces;
		const body = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces);
		this.#forget();
		return body;
	}

	/** Gives back what was reserved, and forgets what was not taken. */
	release(): void {
		this.#budget.release(this.#reserved);
		this.#reserved = 0;
		this.#forget();
	}

	#copy(bytes: Buffer): void {
		if (this.#block === null || this.#end + bytes.length > BLOCK_BYTES) {
			this.#settleBlock();
			this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
			this.#start = 0;
			this.#end = 0;
		}
		this.#block.set(bytes, this.#end);
		this.#end += bytes.length;
	}

	/** What stands in the block becomes a piece; the room behind it goes on being used. */
	#settleBlock(): void {
		if (this.#block === null || this.#start === this.#end) return;
		this.#pieces.push(this.#block.subarray(this.#start, this.#end));
		this.#start = this.#end;
	}

	#forget(): void {
		this.#pieces = [];
		this.#block = null;
		this.#start = 0;
		this.#end = 0;
	}
}
