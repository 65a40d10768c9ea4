/** A time zone by its name in the IANA database: days begin and end where the operator lives. */
import { isTimeZone } from "../../std/calendar.ts";
import { described } from "./mistake.ts";
import { textValue } from "./text-value.ts";

export function timeZone() {
	const hint = "write the name of a zone: Europe/Zurich, America/New_York, UTC";
	return textValue<string>({
		title: "time zone",
		noun: "a time zone",
		hint,
		read: (text) => (isTimeZone(text) ? { value: text } : { message: `${described(text)} is not a time zone`, hint }),
	});
}
