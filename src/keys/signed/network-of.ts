/** The network that an address is counted under: /24 for IPv4, also in IPv6 clothes, /48 for IPv6, which is what one customer is given. */
import { isIPv4, isIPv6 } from "node:net";

export function networkOf(address: string): string {
	const bare = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
	if (isIPv4(bare)) return bare.slice(0, bare.lastIndexOf("."));
	if (!isIPv6(address)) return "";
	const [head = "", tail] = (address.split("%", 1)[0] ?? "").split("::");
	const groups = head === "" ? [] : head.split(":");
	if (tail !== undefined) while (groups.length < 3) groups.push("0");
	return groups
		.slice(0, 3)
		.map((group) => Number.parseInt(group, 16).toString(16))
		.join(":");
}
