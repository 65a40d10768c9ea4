/** An absolute path. A relative one would mean another file whenever the server is started from another directory. */
import { described } from "./mistake.ts";
import { textValue } from "./text-value.ts";

const ABSOLUTE = /^(?:\/|[A-Za-z]:[\\/]).+$/;

export function filePath() {
	const hint = "write the whole path, from the root: /etc/rempart/tls/cert.pem";
	return textValue<string>({
		title: "path",
		noun: "a path",
		hint,
		read: (text) =>
			ABSOLUTE.test(text) && !text.includes("\0") ? { value: text } : { message: `${described(text)} is not an absolute path`, hint },
	});
}
