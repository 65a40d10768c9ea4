/**
 * How many tokens within an hour are unusual for somebody, by what that somebody used in the hours before.
 *
 *  - Median and median absolute deviation, not mean and variance: a single wild hour in the past must not hide the next one.
 *  - Only hours of work count. Somebody who works eight hours a day would have a median of nothing otherwise.
 *  - The bound is also several times the median: the hours of a steady program hardly differ, and one retry must not look like a theft.
 */
const SENSITIVITIES = ["off", "low", "normal", "high"] as const;
export type Sensitivity = (typeof SENSITIVITIES)[number];

/** Standard deviations above the median, and times the median: both have to be passed. */
const LEVELS: Readonly<Record<Exclude<Sensitivity, "off">, { readonly deviations: number; readonly times: number }>> = {
	low: { deviations: 12, times: 10 },
	normal: { deviations: 8, times: 4 },
	high: { deviations: 5, times: 2.5 },
};
/** Of normally distributed values, 1.4826 median absolute deviations are one standard deviation. */
const MAD_TO_DEVIATION = 1.4826;

/** `hours`: tokens of each, at least one. `floor`: what is never told. */
export function volumeBound(hours: readonly number[], sensitivity: Exclude<Sensitivity, "off">, floor: number): number {
	const { deviations, times } = LEVELS[sensitivity];
	const middle = medianOf(hours);
	const mad = medianOf(hours.map((tokens) => Math.abs(tokens - middle)));
	return Math.max(floor, middle * times, middle + deviations * MAD_TO_DEVIATION * mad);
}

/** 0 for none. */
export function medianOf(values: readonly number[]): number {
	const sorted = values.toSorted((one, other) => one - other);
	const half = sorted.length >> 1;
	const upper = sorted[half] ?? 0;
	return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
}
