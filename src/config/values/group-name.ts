/** The name of a group, as a directory or a proxy writes it. */
import { GROUP_NAME } from "../../model/factor.ts";
import { described } from "./mistake.ts";
import { textValue } from "./text-value.ts";

const HINT = "write it as the directory does, without commas: gpu-operators";

export function groupName() {
	return textValue<string>({
		title: "group",
		noun: "a group",
		hint: HINT,
		read: (text) => (GROUP_NAME.test(text) ? { value: text } : { message: `${described(text)} is not the name of a group`, hint: HINT }),
	});
}
