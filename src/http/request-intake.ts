/**
 * What a connection brings: heads and bodies, taken from the strict reader as far as somebody wants them.
 *
 *  - The reader decides what a request is; what it refuses ends the connection, because what follows is not understood.
 *  - Nothing is read from a body before the gateway asks, so a stranger's body never fills memory.
 *  - While a request is answered the socket is still read, so that the caller's departure is seen at once; pipelined bytes are held up to a bound,
 *    and dropped beyond it.
 */
import type { Socket } from "node:net";
import type { Framing, RequestHead } from "../wire/message.ts";
import { RequestReader } from "../wire/request-reader.ts";
import { CONTINUE } from "../wire/write.ts";
import type { BodyRead, BodySink } from "./caller.ts";
import type { ConnectionContext } from "./connection-context.ts";
import type { ConnectionDeadline } from "./connection-deadline.ts";
import { type BodyRefusal, IncomingBody } from "./incoming-body.ts";
import type { Outgoing } from "./outgoing.ts";
import { REASON_OF_PROBLEM } from "./problem-reason.ts";

/** Pipelined or early body bytes held while a request is being decided; beyond it the socket is paused. */
const AHEAD_BYTES = 64 * 1024;

/** Waits for a head, has one in hand, or ends: then nothing more is taken. */
export type ConnectionStage = "head" | "handling" | "lingering" | "closed";

/** Whose intake it is. */
export interface IntakeOwner {
	readonly stage: ConnectionStage;
	onHead(head: RequestHead): void;
	/** So much came of the body until now. */
	onBodyBytes(bytes: number): void;
	/** The reader, a limit or the clock said no in the middle of a request or before one. */
	onRefused(refusal: BodyRefusal): void;
	/** Nothing more is taken from the caller: the connection ends after the answer. */
	onDrowned(): void;
}

export class RequestIntake {
	readonly body: IncomingBody;
	readonly #owner: IntakeOwner;
	readonly #socket: Socket;
	readonly #out: Outgoing;
	readonly #deadline: ConnectionDeadline;
	readonly #context: ConnectionContext;
	#reader: RequestReader;
	#pumping = false;
	/** It sent so much ahead of its answer that nothing more is taken from it. */
	#drowned = false;

	constructor(owner: IntakeOwner, socket: Socket, out: Outgoing, deadline: ConnectionDeadline, context: ConnectionContext) {
		this.#owner = owner;
		this.#socket = socket;
		this.#out = out;
		this.#deadline = deadline;
		this.#context = context;
		this.#reader = new RequestReader(context.limits.wire);
		this.body = new IncomingBody(context.budget, context.limits);
	}

	/** Bytes that came and are not taken yet. */
	get buffered(): number {
		return this.#reader.buffered;
	}

	get drowned(): boolean {
		return this.#drowned;
	}

	push(chunk: Buffer): void {
		if (this.#owner.stage === "head" && this.#reader.buffered === 0) this.#deadline.after(this.#context.limits.headTimeoutMs);
		this.#reader.push(chunk);
		this.pump();
		if (this.#reader.buffered > AHEAD_BYTES) this.#stopReadingAhead();
	}

	/** Hands on what the reader has, as far as somebody wants it. A body that is asked for while its head is being handed on is pumped within. */
	pump(): void {
		const within = this.#pumping;
		this.#pumping = true;
		try {
			this.#pumpParts();
		} finally {
			this.#pumping = within;
		}
	}

	/**
	 * The next request may come. Where the last was answered at once, from within `pump`, that goes on by itself: a call from here for each of a thousand
	 * pipelined requests of a stranger would overflow the stack.
	 */
	next(): void {
		if (this.#socket.isPaused()) this.#socket.resume();
		if (this.#reader.buffered > 0 && !this.#pumping) this.pump();
	}

	readBody({ framing, expectsContinue }: RequestHead, limit: number): BodyRead | Promise<BodyRead> {
		if (framing.kind === "length" && framing.bytes > limit) {
			return { refused: "body-too-large", detail: `${framing.bytes} bytes announced, ${limit} allowed` };
		}
		this.body.collect(limit);
		this.#takeBody(framing, expectsContinue);
		return this.body.read();
	}

	streamBody({ framing, expectsContinue }: RequestHead, sink: BodySink, limit: number): void {
		this.body.stream(sink, limit);
		this.#takeBody(framing, expectsContinue);
	}

	resumeBody(): void {
		if (!this.body.paused) return;
		this.body.resume();
		this.#allowBodyTime();
		this.pump();
		if (!this.body.paused) this.#socket.resume();
	}

	/** True where no byte of this request's body is still to come from the network, so that the next request can follow. */
	bodyIsHere(framing: Framing): boolean {
		if (this.body.done || framing.kind === "none") return true;
		return framing.kind === "length" && this.body.unread && this.#reader.buffered >= framing.bytes;
	}

	discardRestOfBody(): void {
		while (!this.body.done) {
			const part = this.#reader.next();
			if (part === undefined || part.kind === "end") this.body.skip();
		}
	}

	sweepBody(): void {
		const refusal = this.body.tooSlow();
		if (refusal === null) this.#allowBodyTime();
		else this.#owner.onRefused(refusal);
	}

	#pumpParts(): void {
		while (this.#wantsPart()) {
			const part = this.#reader.next();
			if (part === undefined) {
				if (this.#socket.isPaused() && !this.body.paused) this.#socket.resume();
				return;
			}
			switch (part.kind) {
				case "head":
					this.#deadline.never();
					this.body.begin();
					this.#owner.onHead(part.head);
					break;
				case "body":
					this.#onBody(part.bytes);
					break;
				case "end":
					this.#deadline.never();
					this.body.end();
					break;
				case "refused":
					this.#owner.onRefused({ refused: REASON_OF_PROBLEM[part.problem], detail: part.detail });
					return;
			}
		}
	}

	/** The next request begins when the last answer is out: a caller that pipelines and reads nothing would fill memory with answers. */
	#wantsPart(): boolean {
		const { stage } = this.#owner;
		return stage === "head" ? !this.#out.blocked : stage === "handling" && this.body.wanted;
	}

	#takeBody(framing: Framing, expectsContinue: boolean): void {
		this.#allowBodyTime();
		if (expectsContinue && this.#reader.buffered === 0 && framing.kind !== "none") this.#out.sendText(CONTINUE);
		this.pump();
	}

	#onBody(bytes: Buffer): void {
		const refusal = this.body.take(bytes);
		this.#owner.onBodyBytes(this.body.bytes);
		if (refusal !== null) {
			this.#owner.onRefused(refusal);
		} else if (this.body.paused) {
			this.#deadline.never();
			this.#socket.pause();
		}
	}

	#allowBodyTime(): void {
		this.#deadline.after(this.#context.limits.bodyTimeoutMs);
	}

	/**
	 * A paused socket does not show that its caller has left. While an answer is made for it, what it sends ahead is therefore dropped, and the connection
	 * ends after the answer, as RFC 9112 §9.3.2 lets a server do; only a body that is still wanted, and answers that nobody reads, wait.
	 */
	#stopReadingAhead(): void {
		const { stage } = this.#owner;
		if (stage === "handling" && this.body.done) {
			this.#reader = new RequestReader(this.#context.limits.wire);
			this.#drowned = true;
			this.#owner.onDrowned();
		} else if (stage === "handling" || this.#out.blocked) {
			this.#socket.pause();
		}
	}
}
