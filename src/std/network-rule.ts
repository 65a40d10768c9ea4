/**
 * From where somebody may come: networks that are allowed and networks that are denied.
 *
 *  - What is denied is denied, whatever else is allowed. An empty list of allowed networks allows all, one that names some allows no other.
 *  - What is no address (a peer on a Unix socket that does not say whose request it is) is in no network: no list of allowed ones lets it pass.
 *  - Callers come from the same addresses again and again, so answers are remembered, and beyond a bound all are forgotten. A new one costs a look-up for
 *    each length of prefix, however long the lists are.
 */
import type { IpNetwork } from "./ip-network.ts";
import { IpNetworkSet } from "./ip-network-set.ts";

export interface NetworkLists {
	readonly allow: readonly IpNetwork[];
	readonly deny: readonly IpNetwork[];
}

export const EVERYWHERE: NetworkLists = Object.freeze({ allow: Object.freeze([]), deny: Object.freeze([]) });

const REMEMBERED = 1_024;

export class NetworkRule {
	/** True where no list says anything. */
	readonly everyone: boolean;
	/** True where only the networks of a list may. */
	readonly narrows: boolean;
	readonly #allow: IpNetworkSet;
	readonly #deny: IpNetworkSet;
	readonly #answers = new Map<string, string | null>();

	constructor({ allow, deny }: NetworkLists) {
		this.#allow = new IpNetworkSet(allow);
		this.#deny = new IpNetworkSet(deny);
		this.narrows = allow.length > 0;
		this.everyone = !this.narrows && deny.length === 0;
	}

	permits(address: string): boolean {
		return this.refusalOf(address) === null;
	}

	/** Why not, for the record; null where the address may. */
	refusalOf(address: string): string | null {
		if (this.everyone) return null;
		const known = this.#answers.get(address);
		if (known !== undefined) return known;
		if (this.#answers.size >= REMEMBERED) this.#answers.clear();
		const answer = this.#judge(address);
		this.#answers.set(address, answer);
		return answer;
	}

	#judge(address: string): string | null {
		const denied = this.#deny.find(address);
		if (denied !== null) return `${address} is denied by ${denied.text}`;
		return this.narrows && !this.#allow.contains(address) ? `${address} is in none of the allowed networks` : null;
	}
}
