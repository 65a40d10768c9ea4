/** The few statistics that a table of medians needs. */

export interface Spread {
	readonly median: number;
	readonly least: number;
	readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
	const sorted = values.toSorted((a, b) => a - b);
	return { median: quantile(sorted, 0.5), least: quantile(sorted, 0), most: quantile(sorted, 1) };
}

/** Of values in ascending order, interpolated linearly; NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
	const position = (sorted.length - 1) * share;
	const below = sorted[Math.floor(position)] ?? Number.NaN;
	const above = sorted[Math.ceil(position)] ?? Number.NaN;
	return below + (above - below) * (position - Math.floor(position));
}
