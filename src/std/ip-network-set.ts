/**
 * Many networks at once: is this address in one of them?
 *
 * An address is read once and looked up once for each length of prefix that occurs, of which there are a handful in any real list and 129 at most:
 * ten thousand networks cost a request what ten cost. Asking each in turn costs a request milliseconds, and whoever makes requests decides how often.
 */
import { ADDRESS_BITS, addressBits, type IpNetwork } from "./ip-network.ts";

interface Prefix {
	/** Bits behind the prefix. */
	readonly free: bigint;
	readonly firsts: ReadonlySet<bigint>;
}

export class IpNetworkSet {
	readonly size: number;
	readonly #prefixes: readonly Prefix[];

	constructor(networks: readonly IpNetwork[]) {
		this.size = networks.length;
		const lengths = Map.groupBy(networks, ({ prefix }) => prefix);
		this.#prefixes = Array.from(lengths, ([prefix, alike]) => {
			const free = BigInt(ADDRESS_BITS - prefix);
			return { free, firsts: new Set(alike.map(({ first }) => first >> free)) };
		});
	}

	/** Takes any spelling of an address; false for what is not one. */
	contains(address: string): boolean {
		if (this.size === 0) return false;
		const bits = addressBits(address);
		return bits !== undefined && this.#prefixes.some(({ free, firsts }) => firsts.has(bits >> free));
	}
}
