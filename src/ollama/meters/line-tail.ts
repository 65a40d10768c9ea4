/** Collects the pieces of something unfinished, up to a cap. Copies what it is given; joining is done once. */
export class LineTail {
	readonly #cap: number;
	#pieces: Buffer[] = [];
	#bytes = 0;

	constructor(cap: number) {
		this.#cap = cap;
	}

	get empty(): boolean {
		return this.#bytes === 0;
	}

	/** False from the piece on that is too much: what was collected is then let go. */
	get fits(): boolean {
		return this.#bytes <= this.#cap;
	}

	add(piece: Buffer): void {
		this.#bytes += piece.length;
		if (this.fits) this.#pieces.push(Buffer.from(piece));
		else this.#pieces = [];
	}

	/** All of it, null where it was too much; empty afterwards. */
	take(): Buffer | null {
		const pieces = this.#pieces;
		const fits = this.fits;
		this.#pieces = [];
		this.#bytes = 0;
		return fits ? Buffer.concat(pieces) : null;
	}
}
