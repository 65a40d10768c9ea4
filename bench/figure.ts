/**
 * One figure of a run, beside what it has to be: every workload hands over a list of these, and report and check read nothing else.
 *
 *  - `value` is a median where there are several rounds; `spread` is the least and the most of them, null where there was one measurement.
 *  - `atLeast` is the bound that fails `--check`, `aim` the one that is striven for; which side of a bound is the good one says `better`.
 */

export interface Figure {
	/** Short and stable, such as `chat-cpu/nginx`: what `--check` names and a later run is compared by. */
	readonly id: string;
	/** A phrase for a reader who has not seen the source. */
	readonly what: string;
	readonly value: number;
	/** Behind the value: `×`, `ms`, `µs`, `MB`, `%`. */
	readonly unit: string;
	/** The least and the most of the rounds, in the same unit. */
	readonly spread: readonly [number, number] | null;
	readonly atLeast: number | null;
	readonly aim: number | null;
	readonly better: "less" | "more";
	/** One sentence on how it was taken or what limits it. */
	readonly detail: string | null;
}

export type Verdict = "aim" | "met" | "missed" | "no-bound";

/** A value that is not a number misses: what could not be measured is not within a bound. */
export function verdictOf({ value, atLeast, aim, better }: Figure): Verdict {
	const reaches = (bound: number) => (better === "less" ? value <= bound : value >= bound);
	if (aim !== null && reaches(aim)) return "aim";
	if (atLeast === null) return "no-bound";
	return reaches(atLeast) ? "met" : "missed";
}
