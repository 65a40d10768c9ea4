/** Where an upstream is reached: scheme, host and port and nothing else, for Rempart alone decides what is asked of it. */
import type { Mistake, Reading } from "./mistake.ts";
import { textValue } from "./text-value.ts";

export interface UpstreamUrl {
	/** Canonical, without a slash at the end: `http://127.0.0.1:11434`. */
	readonly text: string;
	/** Whether the connection is TLS. */
	readonly secure: boolean;
	/** Without brackets. */
	readonly host: string;
	readonly port: number;
}

const HINT = "write scheme, host and port: http://127.0.0.1:11434";

export function upstreamUrl() {
	return textValue<UpstreamUrl>({
		title: "URL",
		noun: "the URL of a server",
		hint: HINT,
		pattern: "^https?://[^/?#@]+/?$",
		read: readUpstreamUrl,
	});
}

/** Messages never repeat the text: somebody will have pasted a password into it. */
export function readUpstreamUrl(text: string): Reading<UpstreamUrl> {
	if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { message: "the URL has no scheme", hint: HINT };
	if (!/^https?:/i.test(text)) return { message: "the scheme is neither http nor https", hint: HINT };
	// The URL parser skips tabs and line ends, and reads a backslash as a slash; neither may be in doubt here.
	const url = /^[\x21-\x5b\x5d-\x7e]+$/.test(text) ? URL.parse(text) : null;
	if (url === null) return { message: "the URL is not valid", hint: HINT };
	return superfluous(url, text) ?? unreachable(url) ?? { value: valueOf(url) };
}

function superfluous(url: URL, text: string): Mistake | undefined {
	const rest = `leave it out: ${url.protocol}//${url.host}`;
	if (text.includes("@")) return { message: "the URL holds credentials", hint: rest };
	if (text.includes("?") || text.includes("#")) return { message: "the URL holds a query or a fragment", hint: rest };
	return url.pathname === "/" ? undefined : { message: "the URL holds a path", hint: rest };
}

function unreachable(url: URL): Mistake | undefined {
	if (url.port === "0") return { message: "port 0 cannot be connected to", hint: HINT };
	if (url.hostname === "0.0.0.0" || url.hostname === "[::]")
		return { message: "the URL names the address of a listener, not of a server", hint: HINT };
	return undefined;
}

function valueOf(url: URL): UpstreamUrl {
	const secure = url.protocol === "https:";
	const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
	return { text: `${url.protocol}//${url.host}`, secure, host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port };
}
