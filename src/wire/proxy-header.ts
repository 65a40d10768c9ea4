/**
 * The PROXY protocol's header, version 2: what a proxy says of a connection before the connection's own bytes.
 *
 *  - Version 2 alone. The text form of version 1 is told from a request by its first letters only, and two forms are one too many to agree on.
 *  - TCP over IPv4 and IPv6, and LOCAL, by which a proxy speaks for itself. A header without addresses, or of another family, names nobody: refused.
 *  - The records behind the addresses are skipped, but each has to fit: a length that leads past the end is how such parsers were broken.
 *  - Pure; it never throws, takes no octet of what follows, and asks for more until the whole header is there.
 *
 * https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, section 2.2
 */
import { readIpAddress } from "../std/ip-address.ts";

const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const FIXED = 16;
/** Addresses and records; HAProxy with every record on sends less than half of it. */
const LONGEST_REST = 1_024;

const VERSION = 2;
const LOCAL = 0;
const PROXY = 1;
const TCP4 = 0x11;
const TCP6 = 0x21;
const TCP4_BYTES = 12;
const TCP6_BYTES = 36;
const RECORD_HEAD = 3;

export type ProxyHeader =
	| "more"
	/** `length` is that of the whole header in octets. */
	| { readonly kind: "local"; readonly length: number }
	| { readonly kind: "proxied"; readonly length: number; readonly source: string }
	| { readonly kind: "refused"; readonly detail: string };

export function readProxyHeader(bytes: Buffer): ProxyHeader {
	const seen = Math.min(bytes.length, SIGNATURE.length);
	if (!bytes.subarray(0, seen).equals(SIGNATURE.subarray(0, seen))) return refused("no header of the PROXY protocol");
	if (bytes.length < FIXED) return "more";
	const versionAndCommand = bytes.readUInt8(12);
	const family = bytes.readUInt8(13);
	const rest = bytes.readUInt16BE(14);
	const command = versionAndCommand & 15;
	if (versionAndCommand >> 4 !== VERSION) return refused("a version other than 2");
	if (command !== LOCAL && command !== PROXY) return refused("an unknown command");
	if (rest > LONGEST_REST) return refused("a header that is too long");
	if (bytes.length < FIXED + rest) return "more";
	const length = FIXED + rest;
	// The proxy's own connection, such as a health check: the addresses, if any, are not to be looked at.
	if (command === LOCAL) return { kind: "local", length };
	const addresses = family === TCP4 ? TCP4_BYTES : family === TCP6 ? TCP6_BYTES : null;
	if (addresses === null) return refused("a family other than TCP over IPv4 or IPv6");
	if (rest < addresses) return refused("addresses that are cut short");
	if (!recordsFit(bytes.subarray(FIXED + addresses, length))) return refused("a record that does not fit");
	const source = family === TCP4 ? ipv4(bytes.subarray(FIXED, FIXED + 4)) : ipv6(bytes.subarray(FIXED, FIXED + 16));
	return { kind: "proxied", length, source };
}

function recordsFit(records: Buffer): boolean {
	let at = 0;
	while (at + RECORD_HEAD <= records.length) at += RECORD_HEAD + records.readUInt16BE(at + 1);
	return at === records.length;
}

function ipv4(octets: Buffer): string {
	return Array.from(octets).join(".");
}

/** In canonical form. An IPv4 address in IPv6 clothes comes out as what it wraps. */
function ipv6(octets: Buffer): string {
	const isMapped = octets.subarray(0, 10).every((octet) => octet === 0) && octets.readUInt16BE(10) === 0xffff;
	if (isMapped) return ipv4(octets.subarray(12));
	const written = Array.from({ length: 8 }, (_, at) => octets.readUInt16BE(at * 2).toString(16)).join(":");
	return readIpAddress(written)?.text ?? written;
}

function refused(detail: string): ProxyHeader {
	return { kind: "refused", detail };
}
