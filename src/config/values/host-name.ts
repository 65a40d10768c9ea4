/** A DNS name or an IP address, without scheme and port, in canonical form. */
import { readIpAddress } from "../../std/ip-address.ts";
import { described, type Reading } from "./mistake.ts";
import { textValue } from "./text-value.ts";

/** RFC 1123 §2.1: letters, digits and inner hyphens, 63 at most. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LONGEST_NAME = 253;

/** With `address: false` IP addresses are refused. */
export function hostName({ address = true }: { readonly address?: boolean } = {}) {
	const example = address ? "gpu.example.org or 192.0.2.7" : "registry.example.org";
	return textValue<string>({
		title: address ? "host name or IP address" : "host name",
		noun: address ? "a host name or IP address" : "a host name",
		hint: `write it without scheme and port: ${example}`,
		read: (text) => readHostName(text, address),
	});
}

export function readHostName(text: string, addressAllowed: boolean): Reading<string> {
	const name = text.toLowerCase();
	const address = readIpAddress(name.replace(/^\[(.*)\]$/, "$1"));
	if (address !== undefined && addressAllowed) return { value: address.text };
	if (isDnsName(name) && address === undefined) return { value: name };
	return { message: `${described(text)} is not a host name${addressAllowed ? " or IP address" : ""}`, hint: hintFor(text, addressAllowed) };
}

/** In lower case and without the dot of the root. A name whose last label is a number would be read as an IPv4 address by others (WHATWG URL §3.5). */
export function isDnsName(name: string): boolean {
	const labels = name.split(".");
	return name.length <= LONGEST_NAME && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? "");
}

function hintFor(text: string, addressAllowed: boolean): string {
	const [, , inner = text] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*?)(?::\d+)?\/?$/i.exec(text) ?? [];
	if (inner !== text && isDnsName(inner.toLowerCase())) return `leave scheme, port and path out: ${inner}`;
	if (text.includes("*")) return "write each name out; there are no wildcards here";
	if (text.endsWith(".") && isDnsName(text.slice(0, -1).toLowerCase())) return `leave the last dot out: ${text.slice(0, -1)}`;
	const ascii = URL.parse(`http://${text}/`)?.hostname;
	if (/[^\x20-\x7e]/.test(text) && ascii !== undefined && isDnsName(ascii)) return `write it in its ASCII form: ${ascii}`;
	return `write it without scheme and port: ${addressAllowed ? "gpu.example.org or 192.0.2.7" : "registry.example.org"}`;
}
