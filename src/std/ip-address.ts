/** An IP address in text, in one canonical form, so that two spellings of one address are equal. */
export interface IpAddress {
	/** Without brackets; IPv6 in lower case and shortest form. */
	readonly text: string;
	readonly version: 4 | 6;
	readonly loopback: boolean;
	/** `0.0.0.0` or `::`: every address of the machine. */
	readonly unspecified: boolean;
}

/** One octet; no leading zero, which some readers take for octal (CVE-2021-28918). */
const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const V4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

/** No zone (`%eth0`), no port, no prefix length, no brackets. */
export function readIpAddress(text: string): IpAddress | undefined {
	if (V4.test(text)) return { text, version: 4, loopback: text.startsWith("127."), unspecified: text === "0.0.0.0" };
	// The URL parser has the platform's own reader of IPv6; the characters are checked first so that it sees nothing else.
	if (!/^[0-9A-Fa-f:.]{2,45}$/.test(text) || !text.includes(":")) return undefined;
	const url = URL.parse(`http://[${text}]/`);
	if (url === null) return undefined;
	const canonical = url.hostname.slice(1, -1);
	// An IPv4 address in IPv6 clothes (::ffff:127.0.0.1) reaches the IPv4 listener, so it is judged as what it wraps.
	const loopback = canonical === "::1" || /^::ffff:7f[0-9a-f]{2}:/.test(canonical);
	return { text: canonical, version: 6, loopback, unspecified: canonical === "::" || canonical === "::ffff:0:0" };
}
