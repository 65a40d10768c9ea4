/**
 * The gateway's door: accepts connections, gives them slots, lets TLS shake hands, sweeps them once a second, drains them at the end.
 *
 *  - A connection without a slot is not read; one too many is closed at once.
 *  - Under TLS only what finished its handshake within the head's time limit becomes a connection.
 *  - With `reusePort` a new process may listen beside the old one, which then drains: a hand-over without a refused connection. Only where the operator
 *    says so, or a second server that was started by mistake would silently take half of the callers.
 */
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type TlsOptions, type Server as TlsServer } from "node:tls";
import type { ByteBudget } from "./byte-budget.ts";
import { type ByteSource, sourceOf, takeOver } from "./byte-source.ts";
import type { RequestHandler } from "./caller.ts";
import { ClientConnection } from "./client-connection.ts";
import { ConnectionSlots, type Slot } from "./connection-slots.ts";
import { withCertificate } from "./presented-certificate.ts";
import { takeProxyHeader } from "./proxy-protocol.ts";
import type { ClientCertificates } from "./tls/client-certificates.ts";
import type { TransportLimits } from "./transport-limits.ts";

export interface ListenerOptions {
	readonly host: string;
	readonly port: number;
	/** Lets another process listen on the same port, for a hand-over. */
	readonly reusePort: boolean;
	/** Null listens in clear, which the configuration allows on loopback only. */
	readonly tls: TlsOptions | null;
	readonly handler: RequestHandler;
	readonly budget: ByteBudget;
	readonly limits: TransportLimits;
	readonly monotonic: () => number;
	/** Looks at the certificates that callers show; absent where they are asked for none. */
	readonly certificates?: Pick<ClientCertificates, "presentedOn">;
	/** Whose connections are read at all, by address, a proxy's own among them; whoever else is closed at once. Everybody's where it is absent. */
	readonly admits?: (address: string) => boolean;
	/** Proxies of the operator's own that stand before this; nobody's where it is absent. */
	readonly behind?: Behind;
}

export interface Behind {
	/** A proxy's address holds the connections of many callers, so the bounds of one address are not its. */
	isProxy(address: string): boolean;
	/** Whether every connection of a proxy, and none of anybody else's, begins with the PROXY protocol's header. */
	readonly proxyProtocol: boolean;
}

/** A Unix socket in the place of address and port: who may open it is the file system's to say. */
export interface SocketListenerOptions
	extends Omit<ListenerOptions, "host" | "port" | "reusePort" | "tls" | "certificates" | "admits" | "behind"> {
	/** Must be free; see `listenAtPath`. */
	readonly path: string;
}

/** What stands for the address of a peer that came over a Unix socket. */
export const SOCKET_PEER = "unix";

const SWEEP_MS = 1_000;
const BACKLOG = 1_024;
/** Whoever has connected when a drain begins has asked nothing yet, and would take a closed connection for a failure; it may ask so much later. */
const LATE_REQUEST_MS = 2_000;
/** For the last error record of a stream that is cut. */
const LAST_WORDS_MS = 50;

export class Listener {
	readonly #options: ListenerOptions | SocketListenerOptions;
	readonly #server: Server;
	readonly #tls: TlsServer | null;
	readonly #slots: ConnectionSlots;
	/** Accepted sockets that shake hands, by their four-tuple: how a TLS socket finds its slot again. */
	readonly #handshakes = new Map<string, Accepted>();
	readonly #accepted = new Set<Accepted>();
	readonly #connections = new Set<ClientConnection>();
	#limits: TransportLimits;
	#sweeper: NodeJS.Timeout | null = null;
	#draining = false;
	#arrivals = 0;
	#hurried = false;
	#whenEmpty: (() => void) | null = null;

	private constructor(options: ListenerOptions | SocketListenerOptions) {
		this.#options = options;
		this.#limits = options.limits;
		this.#slots = new ConnectionSlots(options.limits.connections);
		this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#accept(socket));
		this.#tls = "path" in options || options.tls === null ? null : this.#createTls(options.tls);
	}

	/** Rejects where the address cannot be listened on (EADDRINUSE, EACCES, EADDRNOTAVAIL). */
	static async open(options: ListenerOptions | SocketListenerOptions): Promise<Listener> {
		const listener = new Listener(options);
		await new Promise<void>((resolve, reject) => {
			listener.#server.once("error", reject);
			const where = "path" in options ? { path: options.path } : { host: options.host, port: options.port, reusePort: options.reusePort };
			listener.#server.listen({ ...where, backlog: BACKLOG }, () => {
				listener.#server.off("error", reject);
				resolve();
			});
		});
		listener.#sweeper = setInterval(() => listener.#sweep(), SWEEP_MS);
		return listener;
	}

	get address(): { readonly host: string; readonly port: number } {
		const address = this.#server.address();
		if (address === null || typeof address === "string") throw new Error("the listener is closed");
		return { host: address.address, port: address.port };
	}

	get connections(): number {
		return this.#slots.open;
	}

	/** New connections follow; open ones keep the limits that they began under. */
	adjust(limits: TransportLimits): void {
		this.#limits = limits;
		this.#slots.adjust(limits.connections);
	}

	/** New handshakes use the new certificate; open connections keep theirs. */
	renew(tls: TlsOptions): void {
		this.#tls?.setSecureContext(tls);
	}

	/** Ends a drain now; what still runs is cut. */
	cutNow(): void {
		this.#hurried = true;
		this.#whenEmpty?.();
	}

	/**
	 * Takes nothing new and lets running answers end. After `timeoutMs` calls `cut`, which ends what is left in its own way, and then closes every
	 * connection. Resolves with the number of connections that were cut.
	 */
	async drain(timeoutMs: number, cut: () => void): Promise<number> {
		this.#draining = true;
		await this.#takeInQueued();
		this.#server.close();
		const deadline = this.#deadline();
		for (const connection of this.#connections) connection.drain(deadline);
		for (const accepted of this.#accepted) accepted.deadline = Math.min(accepted.deadline, deadline);
		let timer: NodeJS.Timeout | undefined;
		if (this.#accepted.size > 0 && !this.#hurried) {
			await new Promise<void>((resolve) => {
				this.#whenEmpty = resolve;
				timer = setTimeout(resolve, timeoutMs);
			});
		}
		clearTimeout(timer);
		if (this.#sweeper !== null) clearInterval(this.#sweeper);
		const left = this.#connections.size;
		cut();
		// What was written last still has to leave; a connection that takes nothing is not waited for.
		await new Promise((resolve) => setTimeout(resolve, left === 0 ? 0 : LAST_WORDS_MS));
		for (const accepted of this.#accepted) accepted.raw.destroy();
		return left;
	}

	/**
	 * Closing resets whoever waits in the kernel's queue to be accepted, so they are taken in before. The runtime accepts one connection a turn of its
	 * loop; who comes between the last turn and the closing is lost, unless the system hands its queue on (net.ipv4.tcp_migrate_req).
	 */
	async #takeInQueued(): Promise<void> {
		for (let quiet = 0, turns = 0; quiet < 2 && turns < BACKLOG; turns += 1) {
			const before = this.#arrivals;
			await new Promise((resolve) => setImmediate(resolve));
			quiet = this.#arrivals === before ? quiet + 1 : 0;
		}
	}

	#accept(raw: Socket): void {
		this.#arrivals += 1;
		raw.on("error", () => raw.destroy());
		const address = this.#addressOf(raw);
		if (address === null || !this.#admits(address)) {
			raw.destroy();
			if (address !== null) this.#options.handler.turnedAway("network-denied");
			return;
		}
		const accepted: Accepted = {
			raw,
			address,
			slot: null,
			serving: false,
			deadline: this.#deadline(),
			onClose: () => this.#closed(accepted),
		};
		raw.once("close", accepted.onClose);
		const slot = this.#slots.take(this.#isProxy(address) ? `${address}#${this.#arrivals}` : address, () => this.#open(accepted));
		if (slot === null) {
			raw.destroy();
			this.#options.handler.turnedAway("connections-exhausted");
			return;
		}
		accepted.slot = slot;
		this.#accepted.add(accepted);
	}

	#closed(accepted: Accepted): void {
		this.#accepted.delete(accepted);
		if (this.#tls !== null) this.#handshakes.delete(tupleOf(accepted.raw));
		accepted.slot?.release();
		if (this.#accepted.size === 0) this.#whenEmpty?.();
	}

	/** Null where nobody is there any more. */
	#addressOf(raw: Socket): string | null {
		if ("path" in this.#options) return SOCKET_PEER;
		const peer = raw.remoteAddress;
		if (peer === undefined) return null;
		// A dual-stack listener shows IPv4 callers as ::ffff:a.b.c.d; two spellings of one address would have two sets of slots.
		return peer.startsWith("::ffff:") ? peer.slice("::ffff:".length) : peer;
	}

	#admits(address: string): boolean {
		return "path" in this.#options || this.#options.admits?.(address) !== false;
	}

	#isProxy(address: string): boolean {
		return "behind" in this.#options && this.#options.behind?.isProxy(address) === true;
	}

	/** A proxy's connection may have to say first whose it is. */
	#open(accepted: Accepted): void {
		const { raw, address } = accepted;
		const saysWhose = "behind" in this.#options && this.#options.behind?.proxyProtocol === true && this.#isProxy(address);
		if (!saysWhose || raw.destroyed) {
			this.#begin(accepted);
			return;
		}
		accepted.deadline = this.#deadline();
		takeProxyHeader(raw, (header) => {
			if (header.kind === "refused") {
				raw.destroy();
				return;
			}
			if (header.kind === "proxied") {
				accepted.address = header.source;
				if (!this.#admits(header.source)) {
					raw.destroy();
					this.#options.handler.turnedAway("network-denied");
					return;
				}
			}
			this.#begin(accepted);
		});
	}

	#begin(accepted: Accepted): void {
		accepted.deadline = this.#deadline();
		if (accepted.raw.destroyed) return;
		if (this.#tls === null) {
			this.#serve(accepted, this.#takeOver(accepted), false, this.#options.handler);
			return;
		}
		this.#handshakes.set(tupleOf(accepted.raw), accepted);
		this.#tls.emit("connection", accepted.raw);
	}

	#createTls(tls: TlsOptions): TlsServer {
		const server = createTlsServer({ ...tls, handshakeTimeout: this.#options.limits.headTimeoutMs, pauseOnConnect: true });
		server.on("secureConnection", (socket) => {
			const tuple = tupleOf(socket);
			const accepted = this.#handshakes.get(tuple);
			this.#handshakes.delete(tuple);
			const handler = this.#handlerFor(socket);
			if (accepted === undefined || handler === null) socket.destroy();
			else this.#serve(accepted, sourceOf(socket), true, handler);
		});
		// A failed handshake is the caller's matter. Without this listener an error in it could end the process (the class of CVE-2026-21637).
		server.on("tlsClientError", (_error, socket) => socket.destroy());
		return server;
	}

	/** Null where the caller's certificate cannot be read: an error on this way would end the process. */
	#handlerFor(socket: TLSSocket): RequestHandler | null {
		const { handler } = this.#options;
		if ("path" in this.#options || this.#options.certificates === undefined) return handler;
		try {
			const certificate = this.#options.certificates.presentedOn(socket);
			return certificate === null ? handler : withCertificate(handler, certificate);
		} catch {
			return null;
		}
	}

	/** The connection goes on as another socket, and what was to happen at its end happens at that one's. */
	#takeOver(accepted: Accepted): ByteSource {
		const { raw } = accepted;
		const source = takeOver(raw);
		if (source === null) return sourceOf(raw);
		raw.off("close", accepted.onClose);
		accepted.raw = source.socket;
		source.socket.once("close", accepted.onClose);
		return source;
	}

	#serve(accepted: Accepted, source: ByteSource, encrypted: boolean, handler: RequestHandler): void {
		const { socket } = source;
		accepted.serving = true;
		const connection = new ClientConnection(source, accepted.address, encrypted, {
			handler,
			budget: this.#options.budget,
			limits: this.#limits,
			monotonic: this.#options.monotonic,
			draining: () => this.#draining,
			onKnown: () => accepted.slot?.known(),
			crowds: () => accepted.slot?.crowds === true,
		});
		this.#connections.add(connection);
		socket.once("close", () => {
			accepted.raw.destroy();
			this.#connections.delete(connection);
		});
		if (this.#draining) connection.drain(accepted.deadline);
		socket.resume();
	}

	#deadline(): number {
		const { headTimeoutMs } = this.#limits;
		return this.#options.monotonic() + (this.#draining ? Math.min(headTimeoutMs, LATE_REQUEST_MS) : headTimeoutMs);
	}

	#sweep(): void {
		const now = this.#options.monotonic();
		for (const connection of this.#connections) connection.sweep(now);
		for (const accepted of this.#accepted) if (!accepted.serving && now > accepted.deadline) accepted.raw.destroy();
	}
}

interface Accepted {
	raw: Socket;
	address: string;
	slot: Slot | null;
	serving: boolean;
	deadline: number;
	readonly onClose: () => void;
}

function tupleOf(socket: Socket): string {
	return `${socket.remoteAddress}|${socket.remotePort}|${socket.localAddress}`;
}
