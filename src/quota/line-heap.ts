/** The lines of a queue, the one whose turn it is first: a binary heap in which each line knows its place. O(log n). */
export interface Line<Item> {
	/** Virtual time at which the first of the line may begin. */
	tag: number;
	/** Among equal tags, who came or was served earlier goes first. */
	turn: number;
	/** Of the heap's; -1 is nowhere. */
	place: number;
	weight: number;
	length: number;
	/** Of all that wait in it, in ms. */
	cost: number;
	first: Item | null;
	last: Item | null;
}

export class LineHeap<Item> {
	readonly #lines: Line<Item>[] = [];

	get size(): number {
		return this.#lines.length;
	}

	get least(): Line<Item> | undefined {
		return this.#lines[0];
	}

	all(): readonly Line<Item>[] {
		return this.#lines;
	}

	join(line: Line<Item>): void {
		line.place = this.#lines.length;
		this.#lines.push(line);
		this.#rise(line);
	}

	leave(line: Line<Item>): void {
		const { place } = line;
		if (this.#lines[place] !== line) return;
		line.place = -1;
		const last = this.#lines.pop();
		if (last === undefined || last === line) return;
		this.#put(last, place);
		this.moved(last);
	}

	/** Its tag or turn has changed. */
	moved(line: Line<Item>): void {
		this.#rise(line);
		this.#sink(line);
	}

	#rise(line: Line<Item>): void {
		while (line.place > 0) {
			const above = (line.place - 1) >> 1;
			const other = this.#lines[above];
			if (other === undefined || !isBefore(line, other)) return;
			this.#put(other, line.place);
			this.#put(line, above);
		}
	}

	#sink(line: Line<Item>): void {
		for (;;) {
			const left = this.#lines[2 * line.place + 1];
			if (left === undefined) return;
			const right = this.#lines[2 * line.place + 2];
			const least = right !== undefined && isBefore(right, left) ? right : left;
			if (!isBefore(least, line)) return;
			const { place } = least;
			this.#put(least, line.place);
			this.#put(line, place);
		}
	}

	#put(line: Line<Item>, place: number): void {
		this.#lines[place] = line;
		line.place = place;
	}
}

function isBefore<Item>(one: Line<Item>, other: Line<Item>): boolean {
	return one.tag < other.tag || (one.tag === other.tag && one.turn < other.turn);
}
