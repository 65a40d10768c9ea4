/**
 * Reads an amount that is written as a whole number and a unit: the grammar that durations and sizes share.
 *
 *  - No bare numbers: "30" reads as seconds to one and as milliseconds to the next, and both would be accepted in silence.
 *  - No fractions and no sums ("1h30m"): one amount has few spellings, so that two files can be compared by eye.
 */
import type { Mistake, Reading } from "./mistake.ts";
import { described } from "./mistake.ts";

export interface AmountForm {
	readonly noun: string;
	readonly units: Readonly<Record<string, number>>;
	/** An example in every hint: `30s`. */
	readonly example: string;
	/** What people write instead of a unit, in lower case, and which unit they mean. */
	readonly aliases: Readonly<Record<string, string>>;
	/** Smallest and largest amount, as written. */
	readonly min: string;
	readonly max: string;
}

const AMOUNT = /^(\d+)([A-Za-z]+)$/;

export function readAmount(form: AmountForm, text: string): Reading<number> {
	const [, digits, unit = ""] = AMOUNT.exec(text) ?? [];
	const factor = Object.hasOwn(form.units, unit) ? form.units[unit] : undefined;
	if (digits === undefined || factor === undefined) return malformed(form, text);
	const value = Number(digits) * factor;
	if (value < amountOf(form, form.min)) return { message: `${text} is too little`, hint: `write at least ${form.min}` };
	if (value > amountOf(form, form.max)) return { message: `${text} is too much`, hint: `write at most ${form.max}` };
	return { value };
}

function amountOf({ units }: AmountForm, text: string): number {
	const [, digits = "", unit = ""] = AMOUNT.exec(text) ?? [];
	return Number(digits) * (units[unit] ?? Number.NaN);
}

function malformed(form: AmountForm, text: string): Mistake {
	const units = Object.keys(form.units).join(", ");
	if (/^\d+$/.test(text)) return { message: `${described(text)} has no unit`, hint: `add a unit, one of ${units}: ${form.example}` };
	const [, digits, unit = ""] = /^(\d+)\s*([A-Za-z]+)$/.exec(text) ?? [];
	const word = unit.toLowerCase();
	const meant = Object.hasOwn(form.aliases, word) ? form.aliases[word] : undefined;
	const hint =
		digits !== undefined && meant !== undefined
			? `write ${digits}${meant}`
			: `write a whole number and a unit, one of ${units}: ${form.example}`;
	return { message: `${described(text)} is not ${form.noun}`, hint };
}
