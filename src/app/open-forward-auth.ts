/** The listener where other proxies ask, opened where the configuration says so: on an address, on a Unix socket, or on both. */

import type { Config } from "../config/config.ts";
import { ForwardAuth, type ForwardAuthDeps, type ForwardAuthSettings } from "../forward-auth/forward-auth.ts";
import type { PipelineSettings } from "../gateway/pipeline.ts";
import type { ByteBudget } from "../http/byte-budget.ts";
import { Listener } from "../http/listener.ts";
import { listenAtPath } from "../http/socket-path.ts";
import { IpNetworkSet } from "../std/ip-network-set.ts";
import { proxyLimitsOf } from "./proxy-limits.ts";
import { transportLimitsOf } from "./settings.ts";

export interface OpenedForwardAuth {
	/** `http://127.0.0.1:11437`, `unix:/run/…`; none where it is off. */
	readonly addresses: readonly string[];
	adjust(config: Config, settings: PipelineSettings): void;
	/** Lets what is being answered end, for at most a second: a question is a matter of milliseconds. */
	close(): Promise<void>;
}

const DRAIN_MS = 1_000;

export interface OpenForwardAuthDeps extends ForwardAuthDeps {
	/** The gateway's: bodies that are shown and bodies that are forwarded fill the same memory. */
	readonly budget: ByteBudget;
}

/** Rejects where an address or a socket cannot be had. */
export async function openForwardAuth(config: Config, settings: PipelineSettings, deps: OpenForwardAuthDeps): Promise<OpenedForwardAuth> {
	const { listen, socket } = config.forwardAuth;
	const handler = new ForwardAuth(forwardAuthSettingsOf(config, settings), deps);
	let proxies = new IpNetworkSet(config.forwardAuth.proxies);
	const limits = proxyLimitsOf(config);
	const shared = { handler, budget: deps.budget, limits, monotonic: deps.monotonic };
	const listeners: Listener[] = [];
	const addresses: string[] = [];
	const close = async (): Promise<void> => {
		await Promise.all(listeners.map((listener) => listener.drain(DRAIN_MS, () => undefined)));
	};
	try {
		if (listen !== null) {
			const admits = (address: string): boolean => proxies.contains(address);
			const tcp = await Listener.open({ ...shared, host: listen.host, port: listen.port, reusePort: false, tls: null, admits });
			listeners.push(tcp);
			addresses.push(`http://${listen.host.includes(":") ? `[${listen.host}]` : listen.host}:${tcp.address.port}`);
		}
		if (socket !== null) {
			listeners.push(await listenAtPath(socket, () => Listener.open({ ...shared, path: socket })));
			addresses.push(`unix:${socket}`);
		}
	} catch (error) {
		await close();
		throw error;
	}
	return {
		addresses,
		adjust: (next, nextSettings) => {
			proxies = new IpNetworkSet(next.forwardAuth.proxies);
			handler.adjust(forwardAuthSettingsOf(next, nextSettings));
			for (const listener of listeners) listener.adjust(proxyLimitsOf(next));
		},
		close,
	};
}

function forwardAuthSettingsOf(config: Config, { policy, names, origins, limits }: PipelineSettings): ForwardAuthSettings {
	return { policy, names, origins, limits, wire: transportLimitsOf(config).wire, unseen: new Set(config.forwardAuth.insecureUnseen) };
}
