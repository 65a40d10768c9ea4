/** Something that a role demands: a kind of credential, a certificate, a listed network, a group. */
import { FACTORS, type Factor, isFactor } from "../../model/factor.ts";
import { nearest } from "../nearest.ts";
import { described, type Reading } from "./mistake.ts";
import { textValue } from "./text-value.ts";

const HINT = `write one of ${FACTORS.join(", ")}, or group:NAME`;

export function factor() {
	return textValue<Factor>({ title: "factor", noun: "a factor", hint: HINT, read: readFactor });
}

function readFactor(text: string): Reading<Factor> {
	if (isFactor(text)) return { value: text };
	const near = nearest(text, FACTORS);
	return { message: `${described(text)} is no factor`, hint: near === undefined ? HINT : `did you mean ${near}?` };
}
