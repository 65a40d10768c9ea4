/**
 * One caller's connection: bytes in, requests out, one at a time, answers back.
 *
 *  - The strict reader decides what a request is; after anything that it refuses the connection is closed, because what follows is not understood.
 *  - Nothing is read from the body before the gateway asks, so a stranger's body never fills memory.
 *  - While a request is answered the socket is still read, so that the caller's departure is seen at once; pipelined bytes are held up to a bound,
 *    and dropped beyond it.
 *  - No timer of its own: the listener's sweep calls `sweep` once a second (10,000 timers would cost more than one loop).
 */
import type { Socket } from "node:net";
import type { Reason } from "../model/reason.ts";
import { invariant } from "../std/invariant.ts";
import type { Framing, RequestHead, WireProblem } from "../wire/message.ts";
import { RequestReader } from "../wire/request-reader.ts";
import { CONTINUE, responseHead } from "../wire/write.ts";
import type { ByteSource } from "./byte-source.ts";
import type { BodyRead, BodySink, Caller } from "./caller.ts";
import { ClientRequest, type Connection } from "./client-request.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { type BodyRefusal, IncomingBody } from "./incoming-body.ts";
import { Outgoing } from "./outgoing.ts";
import { handOn } from "./turn.ts";

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

type State = "head" | "handling" | "lingering" | "closed";

export class ClientConnection implements Connection {
	readonly peer: string;
	readonly encrypted: boolean;
	readonly #socket: Socket;
	readonly #context: ConnectionContext;
	#reader: RequestReader;
	#state: State = "head";
	#request: ClientRequest | null = null;
	#gone = false;
	readonly #body: IncomingBody;
	#requests = 0;
	readonly #out: Outgoing;
	#responded = false;
	#closeAfter = false;
	/** It sent so much ahead of its answer that nothing more is taken from it. */
	#drowned = false;

	#pumping = false;
	#deadline: number;
	#held = 0;
	#lingered = 0;

	constructor(source: ByteSource, peer: string, encrypted: boolean, context: ConnectionContext) {
		const { socket } = source;
		this.#socket = socket;
		this.#out = new Outgoing(socket);
		this.#context = context;
		this.#body = new IncomingBody(context.budget, context.limits);
		this.peer = peer;
		this.encrypted = encrypted;
		this.#reader = new RequestReader(context.limits.wire);
		this.#deadline = context.monotonic() + context.limits.headTimeoutMs;
		socket.setNoDelay(true);
		source.onBytes((bytes) => this.#onData(bytes));
		socket.on("end", () => this.#depart());
		socket.on("error", () => this.#depart());
		socket.on("close", () => this.#onClose());
		socket.on("drain", () => this.#onDrain());
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
			!this.#context.crowds() &&
			!this.#context.draining()
		);
	}

	authenticated(): void {
		this.#context.onKnown();
	}

	readBody(limit: number): BodyRead | Promise<BodyRead> {
		const { framing } = this.#current().head;
		if (framing.kind === "length" && framing.bytes > limit) {
			return { refused: "body-too-large", detail: `${framing.bytes} bytes announced, ${limit} allowed` };
		}
		this.#body.collect(limit);
		this.#takeBody();
		return this.#body.read();
	}

	streamBody(sink: BodySink, limit: number): void {
		this.#body.stream(sink, limit);
		this.#takeBody();
	}

	resumeBody(): void {
		if (!this.#body.paused) return;
		this.#body.resume();
		this.#allowBodyTime();
		this.#pump();
		if (!this.#body.paused) this.#socket.resume();
	}

	hold(bytes: number): boolean {
		if (!this.#context.budget.reserve(bytes)) return false;
		this.#held += bytes;
		return true;
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
		// Where the memory of the answer is counted, where the connection ends, or where the next request is here already, it matters now whether the
		// caller takes it.
		if (this.#held > 0 || this.#closeAfter || this.#reader.buffered > 0 || this.#context.draining()) this.#out.writeNow();
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
		// Answered at once, from within `#pump`: it goes on by itself. A call from here for each of a thousand pipelined requests of a stranger would
		// overflow the stack.
		if (this.#reader.buffered > 0 && !this.#pumping) this.#pump();
	}

	cut(request: Caller): void {
		if (this.#state !== "handling" || request !== this.#request) return;
		this.#sendQueued(false);
		this.#out.writeNow();
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
		if (this.idle && this.#requests > 0 && this.#context.crowds()) this.#endSoon();
		if (now < this.#deadline) return;
		switch (this.#state) {
			case "head":
				// The next request waits for the last answer to be read, which `stalled` watches over.
				if (this.#out.blocked) return;
				if (this.idle) this.#endSoon();
				else this.#refuse("head-timeout", `no complete head within ${this.#context.limits.headTimeoutMs} ms`);
				return;
			case "handling":
				this.#sweepBody();
				return;
			case "lingering":
				this.#socket.destroy();
				return;
		}
	}

	/** The server drains: an idle connection ends now, a busy one after its answer. One that has asked nothing yet may do so once, until `deadline`. */
	drain(deadline: number): void {
		if (!this.idle) return;
		if (this.#requests === 0) this.#deadline = Math.min(this.#deadline, deadline);
		else this.#endSoon();
	}

	#endSoon(): void {
		this.#out.writeNow();
		this.#socket.destroySoon();
	}

	#current(): ClientRequest & { readonly head: RequestHead } {
		const request = this.#request;
		invariant(request !== null && hasHead(request), "a request is being handled");
		return request;
	}

	#onData(chunk: Buffer): void {
		if (this.#state === "closed" || this.#drowned) return;
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
		if (this.#reader.buffered > AHEAD_BYTES) this.#stopReadingAhead();
	}

	/**
	 * A paused socket does not show that its caller has left. While an answer is made for it, what it sends ahead is therefore dropped, and the connection
	 * ends after the answer, as RFC 9112 §9.3.2 lets a server do; only a body that is still wanted, and answers that nobody reads, wait.
	 */
	#stopReadingAhead(): void {
		if (this.#state === "handling" && this.#body.done) {
			this.#reader = new RequestReader(this.#context.limits.wire);
			this.#drowned = true;
			this.#closeAfter = true;
		} else if (this.#state === "handling" || this.#out.blocked) {
			this.#socket.pause();
		}
	}

	#onDrain(): void {
		if (this.#state === "handling") {
			this.#request?.onDrain?.();
			return;
		}
		this.#releaseHeld();
		if (this.#state !== "head" || this.#reader.buffered === 0) return;
		this.#deadline = this.#context.monotonic() + this.#context.limits.headTimeoutMs;
		this.#pump();
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
		while (this.#wantsPart()) {
			const part = this.#reader.next();
			if (part === undefined) {
				if (this.#socket.isPaused() && !this.#body.paused) this.#socket.resume();
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
					this.#onRefused({ refused: REASON_OF_PROBLEM[part.problem], detail: part.detail });
					return;
			}
		}
	}

	/** The next request begins when the last answer is out: a caller that pipelines and reads nothing would fill memory with answers. */
	#wantsPart(): boolean {
		return this.#state === "head" ? !this.#out.blocked : this.#state === "handling" && this.#body.wanted;
	}

	#begin(head: RequestHead): void {
		const request = new ClientRequest(this, head, this.#context.monotonic());
		this.#request = request;
		this.#state = "handling";
		this.#requests += 1;
		this.#deadline = Number.POSITIVE_INFINITY;
		this.#body.begin();
		this.#context.handler.handle(request).catch(() => request.cut());
	}

	#takeBody(): void {
		this.#allowBodyTime();
		const { head } = this.#current();
		if (head.expectsContinue && this.#reader.buffered === 0 && head.framing.kind !== "none") this.#out.sendText(CONTINUE);
		this.#pump();
	}

	#onBody(bytes: Buffer): void {
		const refusal = this.#body.take(bytes);
		this.#current().bytesIn = this.#body.bytes;
		if (refusal !== null) {
			this.#onRefused(refusal);
		} else if (this.#body.paused) {
			this.#deadline = Number.POSITIVE_INFINITY;
			this.#socket.pause();
		}
	}

	#onBodyEnd(): void {
		this.#deadline = Number.POSITIVE_INFINITY;
		this.#body.end();
	}

	/** The reader, a limit or the clock said no in the middle of a request or before one. */
	#onRefused(refusal: BodyRefusal): void {
		this.#closeAfter = true;
		this.#deadline = Number.POSITIVE_INFINITY;
		if (this.#body.awaited) this.#body.refuse(refusal);
		else this.#refuse(refusal.refused, refusal.detail);
	}

	#refuse(reason: Reason, detail: string): void {
		const request = new ClientRequest(this, null, this.#context.monotonic());
		this.#closeAfter = true;
		this.#state = "handling";
		this.#request = request;
		this.#responded = false;
		this.#deadline = Number.POSITIVE_INFINITY;
		try {
			this.#context.handler.refuse(request, reason, detail);
		} catch {
			// A bug there costs the stranger its connection, not everybody theirs.
			request.cut();
		}
	}

	/** True where no byte of this request's body is still to come from the network, so that the next request can follow. */
	#bodyIsHere(): boolean {
		if (this.#body.done) return true;
		const framing = this.#request?.head?.framing;
		return framing?.kind === "none" || (framing?.kind === "length" && this.#body.unread && this.#reader.buffered >= framing.bytes);
	}

	#discardRestOfBody(): void {
		while (!this.#body.done) {
			const part = this.#reader.next();
			if (part === undefined || part.kind === "end") this.#body.skip();
		}
	}

	#sweepBody(): void {
		const refusal = this.#body.tooSlow();
		if (refusal === null) this.#allowBodyTime();
		else this.#onRefused(refusal);
	}

	#allowBodyTime(): void {
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
		this.#out.writeNow();
		this.#state = "lingering";
		this.#context.onKnown();
		this.#deadline = Number.POSITIVE_INFINITY;
		this.#socket.end(() => {
			this.#deadline = this.#context.monotonic() + LINGER_MS;
		});
		this.#socket.resume();
	}

	/** Gives back what this request held. */
	#settle(): void {
		this.#body.release();
		if (!this.#out.blocked) this.#releaseHeld();
		if (this.#request === null) return;
		this.#request.onDeparture = null;
		this.#request.onDrain = null;
	}

	/** What was held for an answer is free when the answer is out, not when it is written. */
	#releaseHeld(): void {
		this.#context.budget.release(this.#held);
		this.#held = 0;
	}

	#depart(): void {
		if (this.#gone) return;
		handOn();
		this.#gone = true;
		const request = this.#request;
		if (this.#state !== "handling" || request === null) return;
		request.departed = true;
		if (this.#body.awaited) this.#onRefused({ refused: "request-malformed", detail: "the caller left in the middle of the body" });
		const leave = request.onDeparture;
		request.onDeparture = null;
		leave?.();
	}

	#onClose(): void {
		this.#depart();
		this.#settle();
		this.#releaseHeld();
		this.#state = "closed";
	}
}

function hasHead(request: ClientRequest): request is ClientRequest & { readonly head: RequestHead } {
	return request.head !== null;
}
