/**
 * What counts as one network where callers are counted by address: so many leading bits as one customer is given.
 *
 * An IPv4 address in IPv6 clothes is that IPv4 address, and a zone (`%eth0`) is no part of it. Text that is no address is its own network: it is then at
 * least counted with itself.
 */
import { readIpAddress } from "./ip-address.ts";
import { ADDRESS_BITS, addressBits } from "./ip-network.ts";

export interface NetworkSize {
	/** Leading bits that count, of 32. */
	readonly v4: number;
	/** Of 128. */
	readonly v6: number;
}

/** Of the IPv4 addresses, as they lie in IPv6's space. */
const MAPPED_PREFIX = 0xffffn;

/** As text in CIDR notation, equal for two addresses of one network; a whole IPv4 address has no prefix length. */
export function networkOf(address: string, { v4, v6 }: NetworkSize): string {
	if (v4 === 32 && !address.includes(":")) return address;
	const bits = addressBits(address.split("%", 1)[0] ?? "");
	if (bits === undefined) return address;
	const mapped = bits >> 32n === MAPPED_PREFIX;
	const free = BigInt(mapped ? 32 - v4 : ADDRESS_BITS - v6);
	const first = (bits >> free) << free;
	if (!mapped) return `${textOfV6(first)}/${v6}`;
	const octets = [24n, 16n, 8n, 0n].map((shift) => String((first >> shift) & 255n)).join(".");
	return v4 === 32 ? octets : `${octets}/${v4}`;
}

function textOfV6(bits: bigint): string {
	const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
	return readIpAddress(groups.join(":"))?.text ?? groups.join(":");
}
