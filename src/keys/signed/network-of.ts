/** The network that an address is counted under: /24 for IPv4, also in IPv6 clothes, /48 for IPv6, which is what one customer is given. */
import { ADDRESS_BITS, addressBits } from "../../std/ip-network.ts";

/** Of the IPv4 addresses, as they lie in IPv6's space. */
const MAPPED_PREFIX = 0xffffn;

/** Text; equal for two addresses of one network. What is no address is a network of its own kind. */
export function networkOf(address: string): string {
	const bits = addressBits(address.split("%", 1)[0] ?? "");
	if (bits === undefined) return "";
	const kept = bits >> 32n === MAPPED_PREFIX ? ADDRESS_BITS - 8 : 48;
	return (bits >> BigInt(ADDRESS_BITS - kept)).toString(16);
}
