/** A short name that the operator gives to something: lower case, safe in metrics, logs and command lines. */
import { described, type Reading } from "./mistake.ts";
import { textValue } from "./text-value.ts";

export const IDENTIFIER = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const HINT = "write up to 64 lower-case letters, digits, hyphens and underscores, beginning with a letter or digit: gpu-1";

export function identifier() {
	return textValue<string>({ title: "name", noun: "a name", hint: HINT, pattern: IDENTIFIER.source, read: readIdentifier });
}

export function readIdentifier(text: string): Reading<string> {
	if (IDENTIFIER.test(text)) return { value: text };
	const tamed = text.toLowerCase().replaceAll(/[\s.]+/g, "-");
	return { message: `${described(text)} is not a name`, hint: IDENTIFIER.test(tamed) ? `write ${tamed}` : HINT };
}
