/**
 * Connections to one upstream: raw sockets, kept alive, newest first; each carries one call at a time.
 *
 *  - A call is handed to a receiver by plain method calls: no promise, no event object and no copy stands between the upstream's bytes and the caller's.
 *  - All clear-text connections read into one buffer: what it brought is used or copied before the next read. So an open stream keeps no buffer of its
 *    own, and no read allocates one.
 *  - Cancelling destroys the socket. Ollama stops generating within about a millisecond of that (recorded), and nothing else stops it.
 *  - A connection that showed anything unexpected is not used again.
 *  - Where a kept connection turns out to be closed before the first byte of an answer, the call may be tried once more on a fresh one;
 *    `replayable` says so, and only what changes nothing on the server is.
 */
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Fault } from "../model/fault.ts";
import { type Placed, Roster } from "../std/roster.ts";
import type { ResponseHead, WireLimits } from "../wire/message.ts";
import { ResponseReader } from "../wire/response-reader.ts";
import { toWrite, type Writer } from "./turn.ts";

export interface UpstreamTarget {
	readonly name: string;
	readonly host: string;
	readonly port: number;
	readonly tls: boolean;
	/** What the Host field says. */
	readonly authority: string;
}

export interface UpstreamTimeouts {
	readonly connectMs: number;
	/** Between two pieces of an answer that has begun. */
	readonly idleMs: number;
	readonly keepAliveMs: number;
	readonly maxIdle: number;
}

/** What becomes of a call. After `onFault` or `onEnd` nothing more is called; after `cancel` nothing at all. */
export interface UpstreamReceiver {
	/** The socket is there and the request's head goes out. */
	onConnected(): void;
	onHead(head: ResponseHead): void;
	/** A view into a buffer that is used again: use or copy it before `onFlush` or `onEnd` returns. */
	onBody(bytes: Buffer): void;
	/** What one read of the socket brought has been handed on: the moment to write. */
	onFlush(): void;
	/** The last of what the read brought has been handed on, too. */
	onEnd(): void;
	onFault(fault: Fault): void;
	/** A streamed upload may go on. */
	onDrain(): void;
}

/** How late a time limit may be noticed. */
const SWEEP_MS = 250;
/** As much as one read of a socket brings at most. */
const READ_BYTES = 64 * 1024;
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

export class UpstreamPool {
	readonly target: UpstreamTarget;
	readonly #timeouts: UpstreamTimeouts;
	readonly #wire: WireLimits;
	readonly #monotonic: () => number;
	readonly #idle: UpstreamConnection[] = [];
	readonly #busy = new Roster<UpstreamConnection>();
	readonly #sweeper: NodeJS.Timeout;
	#closed = false;

	constructor(target: UpstreamTarget, timeouts: UpstreamTimeouts, wire: WireLimits, monotonic: () => number) {
		this.target = target;
		this.#timeouts = timeouts;
		this.#wire = wire;
		this.#monotonic = monotonic;
		this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
		this.#sweeper.unref();
	}

	/** Sends `head` and, where it is whole, `body`; a streamed body follows by `UpstreamCall.write`. */
	call(request: UpstreamRequest, receiver: UpstreamReceiver): UpstreamCall {
		const call = new UpstreamCall(this, request, receiver);
		this.dispatch(call);
		return call;
	}

	close(): void {
		this.#closed = true;
		clearInterval(this.#sweeper);
		for (const connection of this.#idle) connection.destroy();
		for (const connection of this.#busy.all()) connection.destroy();
		this.#idle.length = 0;
	}

	/** For calls alone. */
	dispatch(call: UpstreamCall, fresh = false): void {
		let connection = fresh ? undefined : this.#idle.pop();
		while (connection?.dead === true) connection = this.#idle.pop();
		const reused = connection !== undefined;
		connection ??= new UpstreamConnection(this, this.target, this.#wire, this.#timeouts, this.#monotonic);
		this.#busy.join(connection);
		connection.take(call, reused);
	}

	/** For connections alone. */
	released(connection: UpstreamConnection, reusable: boolean): void {
		this.#busy.leave(connection);
		if (reusable && !this.#closed && this.#idle.length < this.#timeouts.maxIdle) this.#idle.push(connection);
		else connection.destroy();
	}

	/** For connections alone. */
	lost(connection: UpstreamConnection): void {
		this.#busy.leave(connection);
		const at = this.#idle.indexOf(connection);
		if (at !== -1) this.#idle.splice(at, 1);
	}

	#sweep(): void {
		const now = this.#monotonic();
		for (const connection of this.#busy.all()) connection.sweep(now);
		while (this.#idle[0] !== undefined && now - this.#idle[0].idleSince > this.#timeouts.keepAliveMs) this.#idle.shift()?.destroy();
	}
}

export interface UpstreamRequest {
	readonly method: string;
	/** ASCII, as the writer made it. */
	readonly head: string;
	/** Text is sent as UTF-8. Null where the body is streamed by `write`, or there is none and the head says so. */
	readonly body: string | Buffer | null;
	readonly replayable: boolean;
	/** Longest wait for the first byte of the answer, connecting included; of a streamed body from its last piece on. */
	readonly firstByteMs: number;
}

export class UpstreamCall {
	readonly request: UpstreamRequest;
	readonly receiver: UpstreamReceiver;
	readonly #pool: UpstreamPool;
	/** Set by the connection while it carries the call. */
	connection: UpstreamConnection | null = null;
	cancelled = false;
	#retried = false;

	constructor(pool: UpstreamPool, request: UpstreamRequest, receiver: UpstreamReceiver) {
		this.#pool = pool;
		this.request = request;
		this.receiver = receiver;
	}

	/** The caller has gone or the answer is no longer wanted. Safe at any time, any number of times. */
	cancel(): void {
		this.cancelled = true;
		this.connection?.destroy();
	}

	pause(): void {
		this.connection?.pause();
	}

	resume(): void {
		this.connection?.resume();
	}

	/** Writes framed bytes of a streamed body; false asks to wait for `onDrain`. */
	write(bytes: Buffer): boolean {
		return this.connection?.write(bytes) ?? true;
	}

	/** For connections alone: the connection broke before any byte of an answer. */
	broke(reused: boolean, fault: Fault): void {
		this.connection = null;
		if (this.cancelled) return;
		if (reused && this.request.replayable && !this.#retried) {
			this.#retried = true;
			this.#pool.dispatch(this, true);
			return;
		}
		this.receiver.onFault(fault);
	}
}

class UpstreamConnection implements Placed, Writer {
	place = -1;
	/** Sent, and not yet given to the socket. */
	#waiting: UpstreamRequest | null = null;
	readonly #pool: UpstreamPool;
	readonly #socket: Socket;
	readonly #wire: WireLimits;
	readonly #timeouts: UpstreamTimeouts;
	readonly #monotonic: () => number;
	readonly #name: string;
	#call: UpstreamCall | null = null;
	#reader: ResponseReader | null = null;
	#calledAt = 0;
	#reused = false;
	#connected = false;
	#answering = false;
	#keepAlive = false;
	#lastByteAt: number;
	#paused = false;
	dead = false;
	idleSince = 0;

	constructor(pool: UpstreamPool, target: UpstreamTarget, wire: WireLimits, timeouts: UpstreamTimeouts, monotonic: () => number) {
		this.#pool = pool;
		this.#wire = wire;
		this.#timeouts = timeouts;
		this.#monotonic = monotonic;
		this.#name = target.name;
		this.#lastByteAt = monotonic();
		const { host, port } = target;
		if (target.tls) {
			// A server's name is sent only where it is one (RFC 6066 §3).
			const name = isIP(host) === 0 ? { servername: host } : {};
			this.#socket = connectTls({ host, port, ...name, ALPNProtocols: ["http/1.1"], minVersion: "TLSv1.2" });
			this.#socket.once("secureConnect", () => this.#onConnect());
			this.#socket.on("data", (chunk: Buffer) => this.#onData(chunk));
		} else {
			const onread = { buffer: readBuffer, callback: (bytes: number) => this.#onRead(bytes) };
			this.#socket = connect({ host, port, noDelay: true, onread });
			this.#socket.once("connect", () => this.#onConnect());
		}
		this.#socket.on("drain", () => this.#call?.receiver.onDrain());
		this.#socket.on("end", () => this.#onGone("the server closed the connection"));
		this.#socket.on("error", (error) => this.#onGone(error.message));
		this.#socket.on("close", () => this.#onGone("the connection was closed"));
	}

	take(call: UpstreamCall, reused: boolean): void {
		this.#call = call;
		call.connection = this;
		this.#reused = reused;
		this.#answering = false;
		this.#keepAlive = false;
		this.#calledAt = this.#monotonic();
		this.#lastByteAt = this.#calledAt;
		const { method } = call.request;
		if (this.#reader === null) this.#reader = new ResponseReader(this.#wire, { requestMethod: method });
		else this.#reader.begin(method);
		this.#waiting = call.request;
		toWrite(this);
		if (this.#connected) call.receiver.onConnected();
	}

	/** Head and body in one system call. Before the connection stands the socket keeps them, in order, so that a streamed body may follow at once. */
	writeNow(): void {
		if (this.#waiting === null || this.#socket.destroyed) return;
		const { head, body } = this.#waiting;
		this.#waiting = null;
		if (body === null) {
			this.#socket.write(head, "latin1");
		} else if (typeof body === "string") {
			this.#socket.write(head + body, "utf8");
		} else {
			this.#socket.cork();
			this.#socket.write(head, "latin1");
			this.#socket.write(body);
			this.#socket.uncork();
		}
	}

	pause(): void {
		this.#paused = true;
		this.#socket.pause();
	}

	resume(): void {
		this.#paused = false;
		this.#lastByteAt = this.#monotonic();
		this.#socket.resume();
	}

	write(bytes: Buffer): boolean {
		// An answer is waited for from the last byte of the request on.
		this.#calledAt = this.#monotonic();
		this.writeNow();
		return this.#socket.write(bytes);
	}

	destroy(): void {
		this.dead = true;
		this.#waiting = null;
		this.#call = null;
		this.#socket.destroy();
	}

	sweep(now: number): void {
		if (!this.#connected && now - this.#lastByteAt > this.#timeouts.connectMs) {
			this.#onGone(`no connection within ${this.#timeouts.connectMs} ms`);
			this.#socket.destroy();
		} else if (!this.#answering && this.#call !== null && now - this.#calledAt > this.#call.request.firstByteMs) {
			this.#fail(new Fault("upstream-timeout", `no answer within ${this.#call.request.firstByteMs} ms`));
		} else if (this.#answering && !this.#paused && now - this.#lastByteAt > this.#timeouts.idleMs) {
			this.#fail(new Fault("upstream-timeout", `${this.#name}: the answer stopped for ${this.#timeouts.idleMs} ms`));
		}
	}

	#onConnect(): void {
		this.#connected = true;
		this.#call?.receiver.onConnected();
	}

	/** The first `bytes` of the shared buffer are ours until this returns. */
	#onRead(bytes: number): boolean {
		this.#onData(readBuffer.subarray(0, bytes));
		this.#reader?.keep();
		return true;
	}

	#onData(chunk: Buffer): void {
		const call = this.#call;
		const reader = this.#reader;
		if (call === null || reader === null) {
			// Bytes that nobody asked for: the next answer on this connection could not be trusted to be the answer to the next request.
			this.#onGone("unasked bytes");
			this.#socket.destroy();
			return;
		}
		this.#lastByteAt = this.#monotonic();
		reader.push(chunk);
		for (;;) {
			const part = reader.next();
			if (call.cancelled) return;
			if (part === undefined) break;
			switch (part.kind) {
				case "head":
					this.#answering = true;
					this.#keepAlive = part.head.keepAlive && part.head.framing.kind !== "close";
					call.receiver.onHead(part.head);
					break;
				case "body":
					call.receiver.onBody(part.bytes);
					break;
				case "end":
					this.#finish(call, reader.buffered === 0);
					return;
				case "refused":
					this.#fail(new Fault("upstream-malformed", `${this.#name}: ${part.detail}`));
					return;
			}
		}
		call.receiver.onFlush();
	}

	#finish(call: UpstreamCall, clean: boolean): void {
		this.#call = null;
		call.connection = null;
		this.idleSince = this.#monotonic();
		if (this.#paused) this.resume();
		this.#pool.released(this, this.#keepAlive && clean);
		call.receiver.onEnd();
	}

	#fail(fault: Fault): void {
		const call = this.#call;
		this.destroy();
		this.#pool.lost(this);
		if (call === null || call.cancelled) return;
		call.connection = null;
		call.receiver.onFault(fault);
	}

	/** FIN, reset or close: the end of a close-delimited answer, a truncation, or a connection that was never any good. */
	#onGone(why: string): void {
		if (this.dead && this.#call === null) {
			this.#pool.lost(this);
			return;
		}
		const call = this.#call;
		const reader = this.#reader;
		this.dead = true;
		this.#call = null;
		this.#pool.lost(this);
		this.#socket.destroy();
		if (call === null || call.cancelled) return;
		if (!this.#answering) {
			const code = this.#connected ? "upstream-truncated" : "upstream-unreachable";
			call.broke(this.#reused, new Fault(code, `${this.#name}: ${why}`));
			return;
		}
		call.connection = null;
		const last = reader?.eof();
		if (last?.kind === "end") call.receiver.onEnd();
		else call.receiver.onFault(new Fault("upstream-truncated", `${this.#name}: ${why}`));
	}
}
