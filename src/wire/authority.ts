/**
 * Whether a Host field is one host with at most a port (RFC 9112 §3.2, RFC 3986 §3.2.2), and nothing that another parser might read as more.
 *
 *  - A name (letters, digits, `.`, `-`, `_`), an IPv4 address or an IPv6 address in brackets; then perhaps `:` and a port from 1 to 65535.
 *  - No user info: `good.example@evil.example` names one host to some and the other to others. No list, no path, no escape, no zone id,
 *    no empty host, no empty port. Names such as `_dmarc` and `my_service` are common between containers, so `_` may stand in a host.
 *  - Whether the name is one that is served here is decided later; this is form alone.
 */
const PORT = "(?::(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))?";
const NAME_AND_PORT = new RegExp(`^[a-z0-9_-]+(?:\\.[a-z0-9_-]+)*\\.?${PORT}$`);
const ADDRESS_AND_PORT = new RegExp(`^\\[([0-9a-f:.]{2,45})\\]${PORT}$`);
const GROUP = /^[0-9a-f]{1,4}$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;
const GROUPS = 8;
/** RFC 1035 §2.3.4 allows a name 255 octets on the wire, which is 253 as text; with a dot behind it, a colon and a port. */
const MAX_LENGTH = 260;

/** What was found to be one. Callers use a handful of hosts, and every request has one. */
const known = new Set<string>();
const MOST_KNOWN = 100;

/** `text` in lower case. */
export function isAuthority(text: string): boolean {
	if (known.has(text)) return true;
	if (!isOne(text)) return false;
	if (known.size >= MOST_KNOWN) known.clear();
	known.add(text);
	return true;
}

function isOne(text: string): boolean {
	if (text.length > MAX_LENGTH) return false;
	if (NAME_AND_PORT.test(text)) return true;
	const address = ADDRESS_AND_PORT.exec(text);
	return address !== null && isIpv6(address[1] ?? "");
}

/** RFC 3986 §3.2.2 `IPv6address`: eight groups, one run of them perhaps left out as `::`, the last two perhaps as an IPv4 address. */
function isIpv6(text: string): boolean {
	const halves = text.split("::");
	if (halves.length > 2) return false;
	const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
	const all = groups.flat();
	const last = all.at(-1) ?? "";
	const endsInIpv4 = !text.endsWith("::") && IPV4.test(last);
	const written = endsInIpv4 ? all.slice(0, -1) : all;
	if (!written.every((group) => GROUP.test(group))) return false;
	const count = written.length + (endsInIpv4 ? 2 : 0);
	return halves.length === 2 ? count < GROUPS : count === GROUPS;
}
