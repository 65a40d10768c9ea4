/**
 * What is wrong with a value, and what to write instead: the two sentences of every complaint about a configuration.
 *
 * A Zod issue has room for one text. The two travel through it joined by a line feed and part again in `validate.ts`; neither holds one itself,
 * because values are quoted with `described`, which escapes it.
 */
export interface Mistake {
	/** What is wrong, without the path: `the bare number 30 is not a duration`. */
	readonly message: string;
	/** What to do about it: `write the unit …`. */
	readonly hint: string;
}

/** What reading a value gave. */
export type Reading<T> = { readonly value: T } | Mistake;

export function joined(mistake: Mistake): string {
	return `${mistake.message}\n${mistake.hint}`;
}

export function parted(text: string): Mistake {
	const [message = "", ...hint] = text.split("\n");
	return { message, hint: hint.join(" ") };
}

const LONGEST_QUOTE = 60;

/** How a message names what was written. Long text is cut: a value pasted in the wrong place need not fill a terminal. */
export function described(value: unknown): string {
	if (value === undefined) return "nothing";
	if (value === null) return "an empty value";
	if (typeof value === "string") return JSON.stringify(value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}…` : value);
	if (typeof value === "number") return `the bare number ${value}`;
	if (typeof value === "boolean") return `the truth value ${value}`;
	return Array.isArray(value) ? "a list" : "a mapping";
}

/** The mistake of a value of the wrong type; one that is absent is called missing. */
export function wrongType(value: unknown, wanted: string, hint: string): Mistake {
	return { message: value === undefined ? "is missing" : `${described(value)} is not ${wanted}`, hint };
}
