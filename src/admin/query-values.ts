/** Numbers as a query writes them. */
import * as z from "zod";

/** Digits alone, because `Number("")` is 0 and `Number("0x10")` is 16. */
export const wholeNumber = z
	.string()
	.regex(/^\d{1,15}$/, "is not a whole number")
	.transform(Number);

/** How many rows somebody wants; nobody gets more than so many at once. */
export const LIMIT_MAX = 10_000;
export const limit = wholeNumber.pipe(z.number().min(1).max(LIMIT_MAX)).optional();
