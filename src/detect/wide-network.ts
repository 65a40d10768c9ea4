/**
 * Where a caller is, roughly, where nothing better is known: the first 16 bits of an IPv4 address, the first 32 of an IPv6 address. Somebody who moves about at
 * home or at work mostly stays within; a provider elsewhere is outside.
 */
const V4 = /^(?:::ffff:)?(\d{1,3}\.\d{1,3})\.\d{1,3}\.\d{1,3}$/i;

export function wideNetwork(address: string): string {
	const v4 = V4.exec(address)?.[1];
	if (v4 !== undefined) return `${v4}.0.0/16`;
	const [first = "", second = ""] = address.toLowerCase().split(":");
	return `${first === "" ? "0" : first}:${second === "" ? "0" : second}::/32`;
}
