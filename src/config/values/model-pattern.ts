/** A glob over canonical model names; `*` stands for any run of characters. In lower case, as canonical names are. */
import { described, type Reading } from "./mistake.ts";
import { textValue } from "./text-value.ts";

/** The characters of canonical names (`src/model/model-name.ts`) and the star; a pattern with another one could never match. */
const FORM = /^[a-z0-9_*][a-z0-9._/:*-]{0,511}$/;
const HINT = "write a model's name with its tag, * standing for any run of characters: llama3.2:*";

export function modelPattern() {
	return textValue<string>({
		title: "model pattern",
		noun: "a model pattern",
		hint: HINT,
		pattern: "^[A-Za-z0-9_*][A-Za-z0-9._/:*-]{0,511}$",
		read: readModelPattern,
	});
}

export function readModelPattern(text: string): Reading<string> {
	const pattern = text.toLowerCase();
	if (pattern.includes("://")) return { message: `${described(text)} has a scheme, which canonical model names have not`, hint: HINT };
	return FORM.test(pattern) && !/\/\/|\.\./.test(pattern)
		? { value: pattern }
		: { message: `${described(text)} is not a model pattern`, hint: HINT };
}
