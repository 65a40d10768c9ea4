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
	/** By the bits before it. */
	readonly networks: ReadonlyMap<bigint, IpNetwork>;
}

export class IpNetworkSet {
	readonly size: number;
	/** The widest networks first. */
	readonly #prefixes: readonly Prefix[];

	constructor(networks: readonly IpNetwork[]) {
		this.size = networks.length;
		const lengths = Map.groupBy(networks, ({ prefix }) => prefix);
		this.#prefixes = Array.from(lengths)
			.toSorted(([one], [other]) => one - other)
			.map(([prefix, alike]) => {
				const free = BigInt(ADDRESS_BITS - prefix);
				return { free, networks: new Map(alike.map((network) => [network.first >> free, network])) };
			});
	}

	/** Takes any spelling of an address, also with a zone (`fe80::1%eth0`); false for what is not one. */
	contains(address: string): boolean {
		return this.find(address) !== null;
	}

	/** The widest network that the address is in; null where there is none, or the text is no address. */
	find(address: string): IpNetwork | null {
		if (this.size === 0) return null;
		const zone = address.indexOf("%");
		// A socket shows the link of a link-local address with it; were that no address, a list that denies would let it pass.
		const bits = addressBits(zone === -1 ? address : address.slice(0, zone));
		if (bits === undefined) return null;
		for (const { free, networks } of this.#prefixes) {
			const network = networks.get(bits >> free);
			if (network !== undefined) return network;
		}
		return null;
	}
}
