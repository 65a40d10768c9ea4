/** The gateway's second way in, for a proxy on the same machine: a Unix socket, in clear, with the same handler behind it. */
import type { Config } from "../config/config.ts";
import { Listener, type SocketListenerOptions } from "../http/listener.ts";
import { listenAtPath } from "../http/socket-path.ts";
import { proxyLimitsOf } from "./proxy-limits.ts";

export interface GatewaySocket {
	/** None where there is none. */
	readonly addresses: readonly string[];
	readonly connections: number;
	adjust(config: Config): void;
	drain(timeoutMs: number, cut: () => void): Promise<number>;
	cutNow(): void;
}

const NONE: GatewaySocket = Object.freeze({
	addresses: [],
	connections: 0,
	adjust: () => undefined,
	drain: (_timeoutMs: number, cut: () => void) => {
		cut();
		return Promise.resolve(0);
	},
	cutNow: () => undefined,
});

/** Rejects where the socket cannot be had. */
export async function openGatewaySocket(config: Config, options: Omit<SocketListenerOptions, "path" | "limits">): Promise<GatewaySocket> {
	const { socket } = config.gateway;
	if (socket === null) return NONE;
	const listener = await listenAtPath(socket, () => Listener.open({ ...options, path: socket, limits: proxyLimitsOf(config) }));
	return {
		addresses: [`unix:${socket}`],
		get connections() {
			return listener.connections;
		},
		adjust: (next) => listener.adjust(proxyLimitsOf(next)),
		drain: (timeoutMs, cut) => listener.drain(timeoutMs, cut),
		cutNow: () => listener.cutNow(),
	};
}
