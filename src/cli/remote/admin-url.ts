/** The address of an admin listener elsewhere, as it is typed after --admin and `login`. */
import { HintedError } from "../../std/hinted-error.ts";
import { leadsToLoopback } from "../../std/loopback-host.ts";

/** Its origin. Throws a HintedError where a token would cross a network in clear. */
export function adminOriginOf(typed: string): string {
	const url = /^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/.test(typed) ? URL.parse(typed) : null;
	if (url === null || url.username !== "" || url.password !== "" || url.pathname !== "/" || url.search !== "" || url.hash !== "") {
		throw new HintedError(
			"--admin: that is not the address of an admin listener",
			"write scheme, host and port: https://rempart-admin.example.org",
		);
	}
	if (url.protocol === "http:" && !leadsToLoopback(url)) {
		throw new HintedError(`${url.origin} would be asked in clear`, "write it with https, or run this on the server itself");
	}
	return url.origin;
}
