/**
 * Where metrics add up: plain numbers in plain objects.
 *
 * The metrics library hashes a label object on every increment (about a microsecond each, ten times a request). Here a cell is found once per
 * combination of labels and kept, so counting is an addition; the library sees cells only when somebody scrapes.
 */
export type Labels = Readonly<Record<string, string>>;

/** One number under one combination of labels. */
export interface Cell {
	readonly labels: Labels;
	value: number;
}

/** The cells of one counter or gauge. */
export class Cells {
	readonly #names: readonly string[];
	readonly #cells = new Map<string, Cell>();

	constructor(names: readonly string[]) {
		this.#names = names;
	}

	/** The cell of these label values, in the table's order; made at 0 when it is new. Callers keep it. */
	at(...values: readonly string[]): Cell {
		const key = values.join("\u0000");
		const known = this.#cells.get(key);
		if (known !== undefined) return known;
		const cell: Cell = { labels: labelsOf(this.#names, values), value: 0 };
		this.#cells.set(key, cell);
		return cell;
	}

	all(): Iterable<Cell> {
		return this.#cells.values();
	}
}

/** One histogram under one combination of labels. Counts are per bucket, not cumulative; the last is `+Inf`. */
export class HistogramCell {
	readonly labels: Labels;
	readonly bounds: readonly number[];
	readonly counts: Float64Array;
	sum = 0;

	constructor(labels: Labels, bounds: readonly number[]) {
		this.labels = labels;
		this.bounds = bounds;
		this.counts = new Float64Array(bounds.length + 1);
	}

	observe(value: number): void {
		const { bounds, counts } = this;
		let at = 0;
		while (at < bounds.length && value > (bounds[at] ?? 0)) at++;
		counts[at] = (counts[at] ?? 0) + 1;
		this.sum += value;
	}
}

export class HistogramCells {
	readonly #names: readonly string[];
	readonly #bounds: readonly number[];
	readonly #cells = new Map<string, HistogramCell>();

	constructor(names: readonly string[], bounds: readonly number[]) {
		this.#names = names;
		this.#bounds = bounds;
	}

	at(...values: readonly string[]): HistogramCell {
		const key = values.join("\u0000");
		const known = this.#cells.get(key);
		if (known !== undefined) return known;
		const cell = new HistogramCell(labelsOf(this.#names, values), this.#bounds);
		this.#cells.set(key, cell);
		return cell;
	}

	all(): Iterable<HistogramCell> {
		return this.#cells.values();
	}
}

function labelsOf(names: readonly string[], values: readonly string[]): Labels {
	return Object.fromEntries(names.map((name, at) => [name, values[at] ?? ""]));
}
