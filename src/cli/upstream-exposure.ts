/**
 * Can anybody reach Ollama around the gateway? A front door is worth nothing beside an open wall.
 *
 *  - For an upstream on this machine the kernel's own list of listeners answers.
 *  - For one on another machine nothing can be proved from here, and that is said.
 */
import type { UpstreamUrl } from "../config/values/upstream-url.ts";
import { isLoopbackHost } from "../std/loopback-host.ts";
import { isLoopback, type ListeningSocket } from "./listening-sockets.ts";

export interface Exposure {
	readonly level: "ok" | "warn";
	readonly text: string;
	/** What to do; null where nothing need be done. */
	readonly next: string | null;
}

export function upstreamExposure(urls: readonly UpstreamUrl[], sockets: readonly ListeningSocket[] | null): readonly Exposure[] {
	return urls.map((url) => {
		if (!isLoopbackHost(url.host)) {
			const clear = url.secure ? "" : ", in clear";
			return {
				level: "warn",
				text: `ollama is on another machine, ${url.host}${clear}: whoever reaches it there goes around the gateway`,
				next: `let only this machine reach port ${url.port} of ${url.host} (a firewall there), or run the gateway beside it`,
			};
		}
		if (sockets === null) {
			return {
				level: "warn",
				text: "this system does not tell who listens where",
				next: `make sure that port ${url.port} is bound to 127.0.0.1 only`,
			};
		}
		const open = sockets.filter(({ port, address }) => port === url.port && !isLoopback(address)).map(({ address }) => address);
		if (open.length === 0) return { level: "ok", text: `port ${url.port} of ollama can be reached from this machine only`, next: null };
		return {
			level: "warn",
			text: `ollama listens on ${open.join(", ")} port ${url.port}: whoever reaches this machine goes around the gateway`,
			next: 'set OLLAMA_HOST=127.0.0.1 for ollama (systemctl edit ollama.service, [Service], Environment="OLLAMA_HOST=127.0.0.1") and restart it',
		};
	});
}
