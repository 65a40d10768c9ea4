/**
 * Which browser origins may call: exact ones, and two kinds of wildcard that cannot be widened by whoever registers a domain.
 *
 *  - `https://*.example.org`: exactly one label in place of the star. Two labels at least must follow: `https://*.org` would be half the world.
 *  - `app://*`: any host of an application's own scheme, which pages from the network cannot have. Never of http or https.
 *  - `*` alone is refused. It would let every page that anyone on the network opens use the model server (DNS rebinding, drive-by calls).
 *  - `null` is refused: a sandboxed frame of any page has that origin.
 */

import { readIpAddress } from "../../std/ip-address.ts";
import { isDnsName } from "./host-name.ts";
import { described, type Mistake, type Reading } from "./mistake.ts";
import { textValue } from "./text-value.ts";

export interface OriginPattern {
	/** Canonical: lower case, without a port that is the scheme's own. */
	readonly text: string;
	/** Decides about a serialised origin as a browser sends it. */
	readonly matches: (origin: string) => boolean;
}

const FORM = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[^/?#:@[\]\s]*)(?::(\d{1,5}))?$/;
const OWN_PORT: Readonly<Record<string, string>> = { http: "80", https: "443" };
const HINT = "write scheme, host and, where it is not the usual one, port: https://chat.example.org";

export function originPattern() {
	return textValue<OriginPattern>({ title: "origin", noun: "an origin", hint: HINT, read: readOriginPattern });
}

function readOriginPattern(written: string): Reading<OriginPattern> {
	const text = written.toLowerCase();
	const [, scheme = "", host = "", port] = FORM.exec(text) ?? [];
	const fromNetwork = Object.hasOwn(OWN_PORT, scheme);
	if (scheme === "" || host === "" || Number(port ?? 1) > 65_535 || Number(port ?? 1) === 0) return malformed(written);

	if (host === "*") {
		if (fromNetwork || port !== undefined)
			return {
				message: `${described(written)} lets every site in`,
				hint: "name the sites: https://chat.example.org or https://*.example.org",
			};
		return { value: { text, matches: (origin) => origin.startsWith(`${scheme}://`) && origin.length > scheme.length + 3 } };
	}

	const suffix = `${host}${port === undefined || port === OWN_PORT[scheme] ? "" : `:${port}`}`;
	if (host.startsWith("*.") && !host.slice(2).includes("*")) {
		if (!isDnsName(host.slice(2)) || !host.slice(2).includes(".")) {
			return {
				message: `${described(written)} is too wide`,
				hint: "a star stands for the left-most label of a name with two more at least: https://*.example.org",
			};
		}
		const label = new RegExp(`^${escaped(`${scheme}://`)}[a-z0-9_-]+${escaped(suffix.slice(1))}$`);
		return { value: { text: `${scheme}://${suffix}`, matches: (origin) => label.test(origin) } };
	}

	if (!isHost(host, fromNetwork)) return malformed(written);
	const exact = `${scheme}://${suffix}`;
	return { value: { text: exact, matches: (origin) => origin === exact } };
}

/** Hosts of an application's scheme are names of its own making, such as an extension's identifier. */
function isHost(host: string, fromNetwork: boolean): boolean {
	if (isDnsName(host)) return true;
	const address = readIpAddress(host.replace(/^\[(.*)\]$/, "$1"));
	if (address !== undefined) return host === (address.version === 4 ? address.text : `[${address.text}]`);
	return !fromNetwork && /^[a-z0-9._-]{1,253}$/.test(host);
}

function malformed(written: string): Mistake {
	const message = `${described(written)} is not an origin`;
	if (written === "*")
		return {
			message: '"*" lets every page on the internet call this server',
			hint: "name the sites: https://chat.example.org or https://*.example.org",
		};
	if (written === "null")
		return { message, hint: "the origin null belongs to every sandboxed page; serve the page from an address and name that" };
	if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]+[/?#]/i.test(written))
		return { message, hint: `leave the path out: ${written.replace(/^([^:]*:\/\/[^/?#]+).*$/s, "$1")}` };
	if (written.includes(":*")) return { message, hint: "write the port out; a star cannot stand for it" };
	if (isDnsName(written.toLowerCase())) return { message, hint: `add the scheme: https://${written.toLowerCase()}` };
	return { message, hint: HINT };
}

function escaped(text: string): string {
	return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
