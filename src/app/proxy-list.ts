/** The operator's own proxies, as the configuration in force names them. */
import type { Config } from "../config/config.ts";
import { SOCKET_PEER } from "../http/listener.ts";
import { IpNetworkSet } from "../std/ip-network-set.ts";

/** Addresses whose answer is remembered: request after request comes from the same ones. Beyond it all are forgotten, so that memory is bounded. */
const REMEMBERED = 1_024;

export class ProxyList {
	#networks: IpNetworkSet;
	readonly #answers = new Map<string, boolean>();

	constructor(config: Config) {
		this.#networks = new IpNetworkSet(config.gateway.trustedProxies);
	}

	adjust(config: Config): void {
		this.#networks = new IpNetworkSet(config.gateway.trustedProxies);
		this.#answers.clear();
	}

	/** Bound, so that it can be handed on by itself. */
	readonly includes = (address: string): boolean => {
		// Who may open the socket is the file system's to say.
		if (address === SOCKET_PEER) return true;
		if (this.#networks.size === 0) return false;
		const known = this.#answers.get(address);
		if (known !== undefined) return known;
		if (this.#answers.size >= REMEMBERED) this.#answers.clear();
		const answer = this.#networks.contains(address);
		this.#answers.set(address, answer);
		return answer;
	};
}
