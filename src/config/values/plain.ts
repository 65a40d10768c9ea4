/** Settings that YAML types by itself: whole numbers, truth values, one of several words, lists. */
import * as z from "zod";

import { nearest } from "../nearest.ts";
import { described, joined, wrongType } from "./mistake.ts";

export function count({ min, max }: { readonly min: number; readonly max: number }) {
	const hint = `write a whole number from ${min} to ${max}`;
	const outside = ({ input }: { readonly input?: unknown }) => joined({ message: `${String(input)} is out of range`, hint });
	return z
		.int({ error: ({ input }) => joined(wrongNumber(input, hint)) })
		.min(min, { error: outside })
		.max(max, { error: outside });
}

function wrongNumber(input: unknown, hint: string) {
	if (typeof input === "number") return { message: `${input} is not a whole number`, hint };
	const quoted = typeof input === "string" && /^\d+$/.test(input);
	return wrongType(input, "a whole number", quoted ? `write it without quotes: ${input}` : hint);
}

export function flag() {
	return z.boolean({ error: ({ input }) => joined(wrongType(input, "true or false", yesOrNo(input))) });
}

/** YAML 1.1 read `yes` and `off` as truth values, YAML 1.2 reads them as text. */
function yesOrNo(input: unknown): string {
	const word = String(input).toLowerCase();
	if (["yes", "on", "true", "y", "1"].includes(word)) return "write true, without quotes";
	if (["no", "off", "false", "n", "0"].includes(word)) return "write false, without quotes";
	return "write true or false";
}

export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
	const all = words.join(", ");
	return z.enum(words, {
		error: ({ input }) => {
			if (input === undefined) return joined({ message: "is missing", hint: `write one of ${all}` });
			const near = typeof input === "string" ? nearest(input, words) : undefined;
			return joined({
				message: `${described(input)} is not one of ${all}`,
				hint: near === undefined ? `write one of ${all}` : `did you mean ${near}?`,
			});
		},
	});
}

/** `max` bounds what one file can make the server hold. */
export function listOf<Item extends z.ZodType>(item: Item, { min = 0, max }: { readonly min?: number; readonly max: number }) {
	return z
		.array(item, { error: ({ input }) => joined(wrongType(input, "a list", 'write a list, even of one: ["…"], or one "- …" a line')) })
		.min(min, { error: () => joined({ message: "the list is empty", hint: `name ${min} at least, or leave the setting out` }) })
		.max(max, { error: () => joined({ message: "the list is too long", hint: `name ${max} at most` }) });
}

/** An upper bound that can be taken away; read into null then. The word is written out: an empty value would look like an oversight. */
export function orUnlimited<Bound extends z.ZodType>(bound: Bound) {
	return z.union([z.literal("unlimited").transform(() => null), bound], {
		error: ({ input }) =>
			joined({ message: `${described(input)} is neither a bound nor unlimited`, hint: "write a bound, or the word unlimited" }),
	});
}

/** Something that happens after a while, or not at all; read into null then. */
export function orOff<Value extends z.ZodType>(value: Value) {
	return z.union([z.literal("off").transform(() => null), value], {
		error: ({ input }) =>
			joined({ message: `${described(input)} is neither a duration nor off`, hint: 'write a duration such as "15s", or the word off' }),
	});
}
