import { readIpAddress } from "../std/ip-address.ts";

/**
 * Whether this server answers for a Host, as the reader hands it out: in lower case, "" where an HTTP/1.0 request named none.
 *
 * DNS rebinding (CVE-2024-28224): a page's own name, made to point here, must not be answered. An address cannot be rebound.
 */
export function isServed(host: string, names: ReadonlySet<string>): boolean {
	const name = host.startsWith("[") ? host.slice(1, host.indexOf("]")) : (host.split(":", 1)[0] ?? "");
	return name === "" || readIpAddress(name) !== undefined || names.has(name);
}
