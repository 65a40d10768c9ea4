/** Acts that must not overlap: each begins when the one before it has ended, whatever became of that one. In the order asked. */
export class Turns {
	#previous: Promise<unknown> = Promise.resolve();

	/** Whoever asks gets the outcome of the act. */
	take<T>(act: () => Promise<T>): Promise<T> {
		const turn = this.#previous.then(act);
		this.#previous = turn.catch(() => undefined);
		return turn;
	}
}
