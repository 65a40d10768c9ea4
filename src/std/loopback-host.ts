import { readIpAddress } from "./ip-address.ts";

/**
 * Whether a host, a name in lower case or an address without brackets, is the machine that asks: `localhost`, what is under it (RFC 6761 §6.3), and
 * loopback addresses.
 */
export function isLoopbackHost(host: string): boolean {
	return host === "localhost" || host.endsWith(".localhost") || readIpAddress(host)?.loopback === true;
}

/** The same of a URL, whose IPv6 hosts are in brackets. */
export function leadsToLoopback({ hostname }: URL): boolean {
	return isLoopbackHost(hostname.replace(/^\[(.*)\]$/, "$1"));
}
