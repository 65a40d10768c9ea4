/**
 * One caller's connection: bytes in, requests out, one at a time, answers back.
 *
 *  - The strict reader decides what a request is; after anything that it refuses the connection is closed, because what follows is not understood.
 *  - Nothing is read from the body before the gateway asks, so a stranger's body never fills memory.
 *  - While a request is answered the socket is still read, so that the caller's departure is seen at once; pipelined bytes are held up to a bound.
 *  - No timer of its own: the listener's sweep calls `sweep` once a second (10,000 timers would cost more than one loop).
 */
import type { Socket } from "node:net";
import type { Reason } from "../model/reason.ts";
import { invariant } from "../std/invariant.ts";
import type { Framing, RequestHead, WireProblem } from "../wire/message.ts";
import { RequestReader } from "../wire/request-reader.ts";
import { CONTINUE, responseHead } from "../wire/write.ts";
import { BodyCollector } from "./body-collector.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { BodyRead, BodySink, Caller, RequestHandler } from "./caller.ts";
import { ClientRequest, type Connection } from "./client-request.ts";
import { Outgoing } from "./outgoing.ts";
import type { TransportLimits } from "./transport-limits.ts";

/** Pipelined or early body bytes held while a request is being decided; beyond it the socket is paused. */
const AHEAD_BYTES = 64 * 1024;
/** After a refusal the caller's remaining bytes are read and dropped for so long and so many, or the reset would swallow our answer. */
const LINGER_MS = 2_000;
const LINGER_BYTES = 1024 * 1024;

const REASON_OF_PROBLEM = {
	malformed: "request-malformed",
	"target-too-long": "request-target-too-long",
	"head-too-large": "request-head-too-large",
	"version-unsupported": "http-version-unsupported",
	"transfer-coding-unsupported": "transfer-coding-unsupported",
	"expectation-unsupported": "expectation-unsupported",
	truncated: "request-malformed",
} as const satisfies Record<WireProblem, Reason>;

export interface ConnectionContext {
	readonly handler: RequestHandler;
	readonly budget: ByteBudget;
	readonly limits: TransportLimits;
	readonly monotonic: () => number;
	/** True once the server drains: no further request is taken on an open connection. */
	readonly draining: () => boolean;
	readonly onAuthenticated: () => void;
}

type State = "head" | "handling" | "lingering" | "closed";
type BodyState = "unread" | "collecting" | "streaming" | "done";

export class ClientConnection implements Connection {
	readonly peer: string;
	readonly encrypted: boolean;
	readonly #socket: Socket;
	readonly #context: ConnectionContext;
	#reader: RequestReader;
	#state: State = "head";
	#request: ClientRequest | null = null;
	#gone = false;
	#body: BodyState = "done";
	#requests = 0;
	readonly #out: Outgoing;
	#responded = false;
	#closeAfter = false;

	readonly #collected: BodyCollector;
	#bodyLimit = 0;
	#bodyDone: ((read: BodyRead) => void) | null = null;
	#bodyNow: BodyRead | null = null;
	#sink: BodySink | null = null;
	#bodyPaused = false;

	#pumping = false;
	#deadline: number;
	#windowBytes = 0;
	#lingered = 0;

	constructor(socket: Socket, peer: string, encrypted: boolean, context: ConnectionContext) {
		this.#socket = socket;
		this.#out = new Outgoing(socket);
		this.#context = context;
		this.#collected = new BodyCollector(context.budget);
		this.peer = peer;
		this.encrypted = encrypted;
		this.#reader = new RequestReader(context.limits.wire);
		this.#deadline = context.monotonic() + context.limits.headTimeoutMs;
		socket.setNoDelay(true);
		socket.on("data", (chunk: Buffer) => this.#onData(chunk));
		socket.on("end", () => this.#depart());
		socket.on("error", () => this.#depart());
		socket.on("close", () => this.#onClose());
		socket.on("drain", () => this.#request?.onDrain?.());
	}

	get idle(): boolean {
		return this.#state === "head" && this.#reader.buffered === 0;
	}

	get reusable(): boolean {
		return (
			!this.#closeAfter &&
			this.#request?.head?.keepAlive === true &&
			this.#bodyIsHere() &&
			this.#requests < this.#context.limits.requestsPerConnection &&
			!this.#context.draining()
		);
	}

	authenticated(): void {
		this.#context.onAuthenticated();
	}

	readBody(limit: number): BodyRead | Promise<BodyRead> {
		invariant(this.#body === "unread", "a body is read once");
		const { framing } = this.#current().head;
		if (framing.kind === "length" && framing.bytes > limit) {
			return { refused: "body-too-large", detail: `${framing.bytes} bytes announced, ${limit} allowed` };
		}
		this.#beginBody("collecting", limit);
		this.#pump();
		if (this.#bodyNow !== null) return this.#bodyNow;
		return new Promise((resolve) => {
			this.#bodyDone = resolve;
		});
	}

	streamBody(sink: BodySink, limit: number): void {
		invariant(this.#body === "unread", "a body is read once");
		this.#sink = sink;
		this.#beginBody("streaming", limit);
		this.#pump();
	}

	resumeBody(): void {
		if (!this.#bodyPaused) return;
		this.#bodyPaused = false;
		this.#resetBodyWindow();
		this.#pump();
		if (!this.#bodyPaused) this.#socket.resume();
	}

	respond(status: number, fields: readonly (readonly [string, string])[], framing: Framing): void {
		invariant(!this.#responded, "one answer a request");
		this.#responded = true;
		if (!this.reusable || framing.kind === "close") this.#closeAfter = true;
		this.#out.begin(responseHead(status, fields, framing, !this.#closeAfter), framing);
	}

	write(bytes: Buffer): void {
		this.#out.push(bytes);
	}

	flush(): boolean {
		this.#sendQueued(false);
		return !this.#out.blocked;
	}

	/** `request` may be one that is over: then nothing happens. */
	finish(request: Caller): void {
		if (this.#state !== "handling" || request !== this.#request) return;
		this.#sendQueued(true);
		this.#settle();
		if (this.#gone) {
			this.#socket.destroy();
			return;
		}
		if (this.#closeAfter || this.#context.draining()) {
			this.#linger();
			return;
		}
		this.#discardRestOfBody();
		this.#state = "head";
		this.#request = null;
		this.#responded = false;
		this.#deadline = this.#context.monotonic() + this.#context.limits.keepAliveTimeoutMs;
		if (this.#socket.isPaused()) this.#socket.resume();
		if (this.#reader.buffered > 0) {
			// Answered at once, from within `#pump`: it goes on by itself. A call from here for each of a thousand pipelined requests of a stranger would
			// overflow the stack.
			if (!this.#pumping) this.#pump();
		} else if (this.#context.draining()) {
			this.#socket.destroySoon();
		}
	}

	cut(request: Caller): void {
		if (this.#state !== "handling" || request !== this.#request) return;
		this.#sendQueued(false);
		this.#settle();
		this.#state = "closed";
		// A close-delimited answer has no other sign of a cut than a reset; a framed one shows it by what is missing.
		if (this.#out.framing.kind === "close") this.#socket.resetAndDestroy();
		else this.#socket.end(() => this.#socket.destroy());
	}

	/** Once a second: lets go of whoever is too slow. Returns whether the connection is still open. */
	sweep(now: number): void {
		if (this.#state === "closed") return;
		if (this.#out.stalled(now, this.#context.limits.writeStallTimeoutMs)) this.#socket.destroy();
		if (now < this.#deadline) return;
		switch (this.#state) {
			case "head":
				if (this.idle) this.#socket.destroySoon();
				else this.#refuse("head-timeout", `no complete head within ${this.#context.limits.headTimeoutMs} ms`);
				return;
			case "handling":
				this.#sweepBody(now);
				return;
			case "lingering":
				this.#socket.destroy();
				return;
		}
	}

	/** The server drains: an idle connection ends now, a busy one after its answer. */
	drain(): void {
		if (this.idle) this.#socket.destroySoon();
	}

	#current(): ClientRequest & { readonly head: RequestHead } {
		const request = this.#request;
		invariant(request !== null && hasHead(request), "a request is being handled");
		return request;
	}

	#onData(chunk: Buffer): void {
		if (this.#state === "closed") return;
		if (this.#state === "lingering") {
			this.#lingered += chunk.length;
			if (this.#lingered > LINGER_BYTES) this.#socket.destroy();
			return;
		}
		if (this.#state === "head" && this.#reader.buffered === 0) {
			this.#deadline = this.#context.monotonic() + this.#context.limits.headTimeoutMs;
		}
		this.#reader.push(chunk);
		this.#pump();
		if (this.#reader.buffered > AHEAD_BYTES && this.#state === "handling") this.#socket.pause();
	}

	/** Hands on what the reader has, as far as somebody wants it. A body that is asked for while its head is being handed on is pumped within. */
	#pump(): void {
		const within = this.#pumping;
		this.#pumping = true;
		try {
			this.#pumpParts();
		} finally {
			this.#pumping = within;
		}
	}

	#pumpParts(): void {
		while (this.#state === "head" || (this.#state === "handling" && this.#wantsBody())) {
			const part = this.#reader.next();
			if (part === undefined) {
				if (this.#socket.isPaused() && !this.#bodyPaused) this.#socket.resume();
				return;
			}
			switch (part.kind) {
				case "head":
					this.#begin(part.head);
					break;
				case "body":
					this.#onBody(part.bytes);
					break;
				case "end":
					this.#onBodyEnd();
					break;
				case "refused":
					this.#onRefused(REASON_OF_PROBLEM[part.problem], part.detail);
					return;
			}
		}
	}

	#wantsBody(): boolean {
		return (this.#body === "collecting" || this.#body === "streaming") && !this.#bodyPaused;
	}

	#begin(head: RequestHead): void {
		const request = new ClientRequest(this, head, this.#context.monotonic());
		this.#request = request;
		this.#state = "handling";
		this.#requests += 1;
		this.#deadline = Number.POSITIVE_INFINITY;
		this.#body = "unread";
		this.#bodyNow = null;
		this.#context.handler.handle(request).catch(() => request.cut());
	}

	#beginBody(state: "collecting" | "streaming", limit: number): void {
		this.#body = state;
		this.#bodyLimit = limit;
		this.#resetBodyWindow();
		const { head } = this.#current();
		if (head.expectsContinue && this.#reader.buffered === 0 && head.framing.kind !== "none") this.#socket.write(CONTINUE);
	}

	#onBody(bytes: Buffer): void {
		const request = this.#current();
		request.bytesIn += bytes.length;
		if (request.bytesIn > this.#bodyLimit) {
			this.#onRefused("body-too-large", `more than ${this.#bodyLimit} bytes`);
			return;
		}
		if (this.#body === "streaming") {
			if (this.#sink?.onBytes(bytes) === false) {
				this.#bodyPaused = true;
				this.#deadline = Number.POSITIVE_INFINITY;
				this.#socket.pause();
			}
			return;
		}
		if (!this.#collected.add(bytes)) this.#onRefused("memory-pressure", "the budget for buffered bodies is used up");
	}

	#onBodyEnd(): void {
		const streaming = this.#body === "streaming";
		this.#body = "done";
		this.#deadline = Number.POSITIVE_INFINITY;
		if (streaming) {
			this.#sink?.onEnd();
			return;
		}
		this.#resolveBody({ body: this.#collected.take() });
	}

	/** The reader, a limit or the clock said no in the middle of a request or before one. */
	#onRefused(reason: Reason, detail: string): void {
		this.#closeAfter = true;
		this.#deadline = Number.POSITIVE_INFINITY;
		if (this.#body === "collecting") {
			this.#body = "done";
			this.#resolveBody({ refused: reason, detail });
		} else if (this.#body === "streaming") {
			this.#body = "done";
			this.#sink?.onRefused(reason, detail);
		} else {
			this.#refuse(reason, detail);
		}
	}

	#refuse(reason: Reason, detail: string): void {
		const request = new ClientRequest(this, null, this.#context.monotonic());
		this.#closeAfter = true;
		this.#state = "handling";
		this.#request = request;
		this.#responded = false;
		this.#deadline = Number.POSITIVE_INFINITY;
		this.#context.handler.refuse(request, reason, detail);
	}

	#resolveBody(read: BodyRead): void {
		const done = this.#bodyDone;
		this.#bodyDone = null;
		if (done === null) this.#bodyNow = read;
		else done(read);
	}

	/** True where no byte of this request's body is still to come from the network, so that the next request can follow. */
	#bodyIsHere(): boolean {
		if (this.#body === "done") return true;
		const framing = this.#request?.head?.framing;
		return framing?.kind === "none" || (framing?.kind === "length" && this.#body === "unread" && this.#reader.buffered >= framing.bytes);
	}

	#discardRestOfBody(): void {
		while (this.#body !== "done") {
			const part = this.#reader.next();
			if (part === undefined || part.kind === "end") this.#body = "done";
		}
	}

	#sweepBody(now: number): void {
		const { bodyTimeoutMs, bodyMinimumBytesPerSecond } = this.#context.limits;
		const arrived = this.#current().bytesIn - this.#windowBytes;
		if (arrived >= (bodyMinimumBytesPerSecond * bodyTimeoutMs) / 1000) {
			this.#resetBodyWindow();
			return;
		}
		this.#onRefused("body-timeout", `${arrived} bytes within ${bodyTimeoutMs} ms at ${Math.round(now)}`);
	}

	#resetBodyWindow(): void {
		this.#windowBytes = this.#request?.bytesIn ?? 0;
		this.#deadline = this.#context.monotonic() + this.#context.limits.bodyTimeoutMs;
	}

	#sendQueued(last: boolean): void {
		if (this.#gone || this.#state === "closed") {
			this.#out.drop();
			return;
		}
		const written = this.#out.send(last);
		if (this.#request !== null) this.#request.bytesOut += written;
	}

	/** The time begins when the answer is out: a caller may read slowly, and one that reads nothing is let go by `stalled`. */
	#linger(): void {
		this.#state = "lingering";
		this.#deadline = Number.POSITIVE_INFINITY;
		this.#socket.end(() => {
			this.#deadline = this.#context.monotonic() + LINGER_MS;
		});
		this.#socket.resume();
	}

	/** Gives back what this request held. */
	#settle(): void {
		this.#collected.release();
		this.#sink = null;
		if (this.#request === null) return;
		this.#request.onDeparture = null;
		this.#request.onDrain = null;
	}

	#depart(): void {
		if (this.#gone) return;
		this.#gone = true;
		const request = this.#request;
		if (this.#state !== "handling" || request === null) return;
		request.departed = true;
		if (this.#body === "collecting" || this.#body === "streaming")
			this.#onRefused("request-malformed", "the caller left in the middle of the body");
		const leave = request.onDeparture;
		request.onDeparture = null;
		leave?.();
	}

	#onClose(): void {
		this.#depart();
		this.#settle();
		this.#state = "closed";
	}
}

function hasHead(request: ClientRequest): request is ClientRequest & { readonly head: RequestHead } {
	return request.head !== null;
}
