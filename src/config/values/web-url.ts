/** The URL of something on the web that is trusted to be what it says: https, or http on this machine alone. */
import { leadsToLoopback } from "../../std/loopback-host.ts";
import type { Reading } from "./mistake.ts";
import { textValue } from "./text-value.ts";

export interface WebUrl {
	/** As written where a path may follow, since an issuer is compared byte for byte; else the origin. */
	readonly text: string;
	/** `https://id.example.org` */
	readonly origin: string;
	/** Lower case, without brackets and port. */
	readonly host: string;
	readonly secure: boolean;
}

const HINT = "write it with https: https://id.example.org";

/** `path`: whether more than scheme, host and port may follow. */
export function webUrl({ path }: { readonly path: boolean }) {
	return textValue<WebUrl>({
		title: path ? "URL" : "origin",
		noun: "a URL",
		hint: HINT,
		pattern: "^https?://[^?#@]+$",
		read: (text) => readWebUrl(text, path),
	});
}

export function readWebUrl(text: string, path: boolean): Reading<WebUrl> {
	// The URL parser skips tabs and line ends, and reads a backslash as a slash; neither may be in doubt here.
	const url = /^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/.test(text) ? URL.parse(text) : null;
	if (url === null) return { message: "this is not a URL of http or https", hint: HINT };
	if (/[@?#]/.test(text)) return { message: "the URL holds credentials, a query or a fragment", hint: HINT };
	if (!path && url.pathname !== "/") return { message: "the URL holds a path", hint: `leave it out: ${url.origin}` };
	const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
	const secure = url.protocol === "https:";
	if (!secure && !leadsToLoopback(url)) return { message: "http would let whoever is on the path answer in its place", hint: HINT };
	return { value: { text: path ? text : url.origin, origin: url.origin, host, secure } };
}
