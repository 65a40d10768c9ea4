/**
 * Work that takes longer than a commit may wait, done in slices of a few milliseconds, one piece after the other.
 *
 * A piece that was begun when its file was closed begins again from the start: what it had is of statements that ended with the file.
 */
export interface SlowPiece<Reply> {
	readonly answer: (reply: Reply) => void;
	/** Null while there is more to do; what throws is the caller's to turn into a reply. */
	readonly start: () => () => Reply | null;
}

const SLICE_MS = 4;

export class SlowLane<Reply> {
	#waiting: SlowPiece<Reply>[] = [];
	readonly #attempt: (act: () => Reply | null) => Reply | null;
	#step: (() => Reply | null) | null = null;

	/** `attempt` turns a throw into a reply. */
	constructor(attempt: (act: () => Reply | null) => Reply | null) {
		this.#attempt = attempt;
	}

	add(piece: SlowPiece<Reply>): void {
		if (this.#waiting.push(piece) === 1) setImmediate(() => this.#work());
	}

	/** The files of whatever is under way were closed. */
	restart(): void {
		this.#step = null;
	}

	/** Everything that waits is answered with `reply`. */
	stop(reply: Reply): void {
		const waiting = this.#waiting;
		this.#waiting = [];
		this.#step = null;
		for (const { answer } of waiting) answer(reply);
	}

	/** A slice of the first piece; what else came in meanwhile is heard before the next. */
	#work(): void {
		const [first] = this.#waiting;
		if (first === undefined) return;
		const reply = this.#attempt(() => {
			this.#step ??= first.start();
			return this.#step();
		});
		if (reply !== null) {
			this.#waiting.shift();
			this.#step = null;
			first.answer(reply);
		}
		if (this.#waiting.length > 0) setImmediate(() => this.#work());
	}
}

/** Runs a generator for a few milliseconds at a time. */
export function inSlices<T, Reply>(
	work: Generator<unknown, T>,
	replyOf: (result: T) => Reply,
	elapsedMs: () => number,
): () => Reply | null {
	return () => {
		const start = elapsedMs();
		do {
			const { done, value } = work.next();
			if (done === true) return replyOf(value);
		} while (elapsedMs() - start < SLICE_MS);
		return null;
	};
}
