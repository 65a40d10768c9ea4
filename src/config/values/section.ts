/** A mapping with a fixed set of keys. Unknown keys are errors; `validate.ts` finds the suggestion, since it knows every other section too. */
import * as z from "zod";

import { joined, wrongType } from "./mistake.ts";

const HINT = "write settings indented below it, or leave the section out";

export function section<const Shape extends z.core.$ZodLooseShape>(shape: Shape) {
	return z.strictObject(shape, {
		error: (issue) => (issue.code === "invalid_type" ? joined(wrongType(issue.input, "a section", HINT)) : undefined),
	});
}
