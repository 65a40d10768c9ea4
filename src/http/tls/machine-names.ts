/**
 * The names and addresses under which callers may reach this machine: what our own certificate covers.
 *
 *  - Always the loopback names; the host name, bare and under `.local` (mDNS); every interface's address; what the operator adds.
 *  - Link-local IPv6 addresses are left out: they mean nothing without an interface, and a certificate cannot name one.
 *  - What is neither an address nor a DNS name is left out where it is the machine's own, and refused where the operator wrote it.
 */
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";

import { HintedError } from "../../std/hinted-error.ts";

/** RFC 1123 labels, at most 253 characters; a leading `*.` stands for one label (RFC 6125 §6.4.3). */
const DNS_NAME = /^(?=.{1,253}$)(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export function machineNames(): readonly string[] {
	const host = hostname().toLowerCase();
	const short = host.split(".")[0] ?? host;
	const addresses = Object.values(networkInterfaces())
		.flatMap((interfaces) => interfaces ?? [])
		.map(({ address }) => address.toLowerCase())
		.filter((address) => !/^fe[89ab]/.test(address));
	return [host, short, `${short}.local`, ...addresses];
}

/** What the certificate shall cover: sorted, each once, so that two lists compare. */
export function certificateNames(machine: readonly string[], configured: readonly string[]): readonly string[] {
	const own = machine.filter((name) => isIP(name) !== 0 || DNS_NAME.test(name));
	for (const name of configured) {
		if (isIP(name) !== 0 || DNS_NAME.test(name.toLowerCase())) continue;
		throw new HintedError(
			`a certificate cannot cover "${name}"`,
			"write a DNS name such as ollama.example.org, or an IP address, without a port",
		);
	}
	return [...new Set(["localhost", "127.0.0.1", "::1", ...own, ...configured.map((name) => name.toLowerCase())])].toSorted();
}
