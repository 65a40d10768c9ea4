/** The operator's own proxies, as the configuration in force names them. */
import type { Config } from "../config/config.ts";
import type { IpNetwork } from "../std/ip-network.ts";

export class ProxyList {
	#networks: readonly IpNetwork[];
	/** The last address that was asked about: request after request comes from the same few. */
	#asked = "";
	#answer = false;

	constructor(config: Config) {
		this.#networks = config.gateway.trustedProxies;
	}

	adjust(config: Config): void {
		this.#networks = config.gateway.trustedProxies;
		this.#asked = "";
	}

	/** Bound, so that it can be handed on by itself. */
	readonly includes = (address: string): boolean => {
		if (this.#networks.length === 0) return false;
		if (address !== this.#asked) {
			this.#asked = address;
			this.#answer = this.#networks.some((network) => network.contains(address));
		}
		return this.#answer;
	};
}
