/**
 * The ways into a running server: the gateway at its address, the gateway on a Unix socket, and the place where other proxies ask. Opened together,
 * drained together.
 *
 * What they hold of bodies comes out of one budget, since it fills one memory.
 */
import type { ServerStatus } from "../admin/admin-deps.ts";
import type { Config } from "../config/config.ts";
import type { ForwardAuthDeps } from "../forward-auth/forward-auth.ts";
import type { PipelineSettings } from "../gateway/pipeline.ts";
import type { ProxyUsers } from "../gateway/proxy-users.ts";
import { TrustedProxies } from "../gateway/trusted-proxies.ts";
import { ByteBudget } from "../http/byte-budget.ts";
import type { RequestHandler } from "../http/caller.ts";
import { Listener } from "../http/listener.ts";
import type { CertificateSource } from "../http/tls/certificate-source.ts";
import type { CertificateDoor } from "./certificate-door.ts";
import { openForwardAuth } from "./open-forward-auth.ts";
import { openGatewaySocket } from "./open-gateway-socket.ts";
import { ProxyList } from "./proxy-list.ts";
import { transportLimitsOf } from "./settings.ts";

export interface WaysInDeps {
	readonly gateway: RequestHandler;
	readonly proxyUsers: ProxyUsers;
	/** Null where TLS is off. */
	readonly tls: CertificateSource | null;
	readonly certificates: CertificateDoor;
	/** Whether anybody may come from there at all, as the policy in force says. */
	readonly permits: (address: string) => boolean;
	readonly forwardAuth: ForwardAuthDeps;
	/** Ends whatever is being answered. */
	readonly cut: () => void;
	readonly monotonic: () => number;
}

export interface WaysIn extends AsyncDisposable {
	/** Of the gateway, for a client on this machine. */
	readonly url: string;
	readonly listeners: ServerStatus["listeners"];
	/** To the gateway. */
	readonly connections: number;
	adjust(config: Config, settings: PipelineSettings): void;
	/** The next handshakes use what certificates and authorities are now. */
	renew(): void;
	/** Takes nothing new, lets answers end, and cuts after `timeoutMs`. Resolves with the number of connections that were cut. */
	drain(timeoutMs: number): Promise<number>;
	/** Ends a drain now. */
	cutNow(): void;
}

/** Rejects where an address or a socket cannot be had; nothing is open then. */
export async function openWaysIn(config: Config, settings: PipelineSettings, deps: WaysInDeps): Promise<WaysIn> {
	const { tls, certificates, monotonic, cut } = deps;
	const proxies = new ProxyList(config);
	const limits = transportLimitsOf(config);
	const budget = new ByteBudget(limits.bufferedBytes);
	const behindProxies = { handler: new TrustedProxies(deps.gateway, proxies.includes, deps.proxyUsers), budget, monotonic };
	const tlsOptions = () => (tls === null ? null : { ...tls.secureContextOptions(), ...certificates.tlsOptions() });

	await using opened = new AsyncDisposableStack();
	const listener = await Listener.open({
		...behindProxies,
		host: config.gateway.listen.host,
		port: config.gateway.listen.port,
		reusePort: config.gateway.reusePort,
		tls: tlsOptions(),
		...(certificates.shown === null ? {} : { certificates: certificates.shown }),
		// Whose requests a proxy brings is told later: by the PROXY protocol's header, or by each request's own fields.
		admits: (address) => proxies.includes(address) || deps.permits(address),
		behind: { isProxy: proxies.includes, proxyProtocol: config.gateway.proxyProtocol },
		limits,
	});
	opened.defer(async () => void (await listener.drain(0, cut)));
	const socket = await openGatewaySocket(config, behindProxies);
	opened.defer(async () => void (await socket.drain(0, () => undefined)));
	const forwardAuth = await openForwardAuth(config, settings, { ...deps.forwardAuth, budget });
	opened.defer(() => forwardAuth.close());
	const closers = opened.move();

	const url = urlOf(tls === null ? "http" : "https", config.gateway.listen.host, listener.address.port);
	return {
		url,
		listeners: [
			{ name: "gateway", address: url },
			...socket.addresses.map((address) => ({ name: "gateway-socket" as const, address })),
			...forwardAuth.addresses.map((address) => ({ name: "forward-auth" as const, address })),
		],
		get connections() {
			return listener.connections + socket.connections;
		},
		adjust: (next, nextSettings) => {
			proxies.adjust(next);
			const nextLimits = transportLimitsOf(next);
			budget.adjust(nextLimits.bufferedBytes);
			listener.adjust(nextLimits);
			socket.adjust(next);
			forwardAuth.adjust(next, nextSettings);
		},
		renew: () => {
			const options = tlsOptions();
			if (options !== null) listener.renew(options);
		},
		drain: async (timeoutMs) => {
			const answered = forwardAuth.close();
			// A listener that has nobody left is through at once; what came by the other one must not be cut for that.
			let draining = 2;
			const cutLast = (): void => {
				draining -= 1;
				if (draining === 0) cut();
			};
			const drained = await Promise.all([listener.drain(timeoutMs, cutLast), socket.drain(timeoutMs, cutLast)]);
			await answered;
			return drained.reduce((sum, connections) => sum + connections, 0);
		},
		cutNow: () => {
			listener.cutNow();
			socket.cutNow();
		},
		[Symbol.asyncDispose]: () => closers.disposeAsync(),
	};
}

/** A listener on every address is reached by the loopback one from here. */
function urlOf(scheme: string, host: string, port: number): string {
	const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
	return `${scheme}://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
