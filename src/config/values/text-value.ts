/** A setting that is written as text and read into something typed. */
import * as z from "zod";

import { joined, type Reading, wrongType } from "./mistake.ts";

export interface TextForm<T> {
	/** What the reference calls the type: `duration`. */
	readonly title: string;
	/** The same in a sentence: `a duration`. */
	readonly noun: string;
	/** How to write one; the hint wherever `read` has no better one. */
	readonly hint: string;
	/** For editors only, by way of the JSON Schema; `read` decides. */
	readonly pattern?: string;
	readonly read: (text: string) => Reading<T>;
}

export function textValue<T>(form: TextForm<T>) {
	const { title, pattern } = form;
	return z
		.string({ error: ({ input }) => joined(wrongType(input, form.noun, form.hint)) })
		.meta(pattern === undefined ? { title } : { title, pattern })
		.transform((text, context): T => {
			const reading = form.read(text);
			if ("value" in reading) return reading.value;
			context.addIssue({ code: "custom", message: joined(reading) });
			return z.NEVER;
		});
}
