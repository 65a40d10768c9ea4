/** A number above zero that may have a fraction: a limit, a price. */
import * as z from "zod";

import { described, joined, wrongType } from "./mistake.ts";

export function positive({ max, zero = false }: { readonly max: number; readonly zero?: boolean }) {
	const hint = `write a number ${zero ? "from 0" : "above 0"} to ${max}`;
	return z
		.number({
			error: ({ input }) =>
				joined(typeof input === "number" ? { message: `${input} is not a number`, hint } : wrongType(input, "a number", hint)),
		})
		.refine((value) => (zero ? value >= 0 : value > 0) && value <= max, {
			error: ({ input }) => joined({ message: `${described(input).replace("the bare number ", "")} is out of range`, hint }),
		});
}
