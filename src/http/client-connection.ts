/**
 * One caller's connection: bytes in, requests out, one at a time, answers back.
 *
 *  - What the strict reader refuses is answered, and the connection closed.
 *  - Its answers wait for the caller as long as it takes some of them; what it holds of memory is given back when they are out.
 *  - No timer of its own: the listener's sweep calls `sweep` once a second.
 */
import type { Socket } from "node:net";
import type { Reason } from "../model/reason.ts";
import { invariant } from "../std/invariant.ts";
import type { Framing, RequestHead } from "../wire/message.ts";
import { responseHead } from "../wire/write.ts";
import type { ByteSource } from "./byte-source.ts";
import type { BodyRead, BodySink, Caller } from "./caller.ts";
import { ClientRequest, type Connection } from "./client-request.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { ConnectionDeadline } from "./connection-deadline.ts";
import type { BodyRefusal } from "./incoming-body.ts";
import { Lingering } from "./lingering.ts";
import { Outgoing } from "./outgoing.ts";
import { type ConnectionStage, type IntakeOwner, RequestIntake } from "./request-intake.ts";
import { handOn } from "./turn.ts";

export class ClientConnection implements Connection, IntakeOwner {
	readonly peer: string;
	readonly encrypted: boolean;
	readonly #socket: Socket;
	readonly #context: ConnectionContext;
	readonly #intake: RequestIntake;
	readonly #out: Outgoing;
	readonly #deadline: ConnectionDeadline;
	#stage: ConnectionStage = "head";
	#request: ClientRequest | null = null;
	#gone = false;
	#requests = 0;
	#responded = false;
	#closeAfter = false;
	#held = 0;
	#lingering: Lingering | null = null;

	constructor(source: ByteSource, peer: string, encrypted: boolean, context: ConnectionContext) {
		const { socket } = source;
		this.#socket = socket;
		this.#out = new Outgoing(socket);
		this.#context = context;
		this.peer = peer;
		this.encrypted = encrypted;
		this.#deadline = new ConnectionDeadline(context);
		this.#deadline.after(context.limits.headTimeoutMs);
		this.#intake = new RequestIntake(this, socket, this.#out, this.#deadline, context);
		socket.setNoDelay(true);
		source.onBytes((bytes) => this.#onData(bytes));
		socket.on("end", () => this.#depart());
		socket.on("error", () => this.#depart());
		socket.on("close", () => this.#onClose());
		socket.on("drain", () => this.#onDrain());
	}

	get stage(): ConnectionStage {
		return this.#stage;
	}

	get idle(): boolean {
		return this.#stage === "head" && this.#intake.buffered === 0;
	}

	get reusable(): boolean {
		const head = this.#request?.head ?? null;
		return (
			!this.#closeAfter &&
			head !== null &&
			head.keepAlive &&
			this.#intake.bodyIsHere(head.framing) &&
			this.#requests < this.#context.limits.requestsPerConnection &&
			!this.#context.crowds() &&
			!this.#context.draining()
		);
	}

	authenticated(): void {
		this.#context.onKnown();
	}

	readBody(limit: number): BodyRead | Promise<BodyRead> {
		return this.#intake.readBody(this.#current().head, limit);
	}

	streamBody(sink: BodySink, limit: number): void {
		this.#intake.streamBody(this.#current().head, sink, limit);
	}

	resumeBody(): void {
		this.#intake.resumeBody();
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
		if (this.#stage !== "handling" || request !== this.#request) return;
		this.#sendQueued(true);
		// Where the memory of the answer is counted, where the connection ends, or where the next request is here already, it matters now whether the
		// caller takes it.
		if (this.#held > 0 || this.#closeAfter || this.#intake.buffered > 0 || this.#context.draining()) this.#out.writeNow();
		this.#settle();
		if (this.#gone) {
			this.#socket.destroy();
			return;
		}
		if (this.#closeAfter || this.#context.draining()) {
			this.#linger();
			return;
		}
		this.#intake.discardRestOfBody();
		this.#stage = "head";
		this.#request = null;
		this.#responded = false;
		this.#deadline.after(this.#context.limits.keepAliveTimeoutMs);
		this.#intake.next();
	}

	cut(request: Caller): void {
		if (this.#stage !== "handling" || request !== this.#request) return;
		this.#sendQueued(false);
		this.#out.writeNow();
		this.#settle();
		this.#stage = "closed";
		// A close-delimited answer has no other sign of a cut than a reset; a framed one shows it by what is missing.
		if (this.#out.framing.kind === "close") this.#socket.resetAndDestroy();
		else this.#socket.end(() => this.#socket.destroy());
	}

	/** Once a second: lets go of whoever is too slow. */
	sweep(now: number): void {
		if (this.#stage === "closed") return;
		if (this.#out.stalled(now, this.#context.limits.writeStallTimeoutMs)) this.#socket.destroy();
		if (this.idle && this.#requests > 0 && this.#context.crowds()) this.#endSoon();
		if (!this.#deadline.isOver(now)) return;
		switch (this.#stage) {
			case "head":
				// The next request waits for the last answer to be read, which `stalled` watches over.
				if (this.#out.blocked) return;
				if (this.idle) this.#endSoon();
				else this.#refuse("head-timeout", `no complete head within ${this.#context.limits.headTimeoutMs} ms`);
				return;
			case "handling":
				this.#intake.sweepBody();
				return;
			case "lingering":
				this.#socket.destroy();
				return;
		}
	}

	/** The server drains: an idle connection ends now, a busy one after its answer. One that has asked nothing yet may do so once, until `deadline`. */
	drain(deadline: number): void {
		if (!this.idle) return;
		if (this.#requests === 0) this.#deadline.atMost(deadline);
		else this.#endSoon();
	}

	onHead(head: RequestHead): void {
		const request = new ClientRequest(this, head, this.#context.monotonic());
		this.#request = request;
		this.#stage = "handling";
		this.#requests += 1;
		this.#context.handler.handle(request).catch(() => request.cut());
	}

	onBodyBytes(bytes: number): void {
		this.#current().bytesIn = bytes;
	}

	onDrowned(): void {
		this.#closeAfter = true;
	}

	onRefused(refusal: BodyRefusal): void {
		this.#closeAfter = true;
		this.#deadline.never();
		const { body } = this.#intake;
		if (body.awaited) body.refuse(refusal);
		else this.#refuse(refusal.refused, refusal.detail);
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
		if (this.#stage === "closed" || this.#intake.drowned) return;
		if (this.#lingering === null) this.#intake.push(chunk);
		else this.#lingering.drop(chunk.length);
	}

	#onDrain(): void {
		if (this.#stage === "handling") {
			this.#request?.onDrain?.();
			return;
		}
		this.#releaseHeld();
		if (this.#stage !== "head" || this.#intake.buffered === 0) return;
		this.#deadline.after(this.#context.limits.headTimeoutMs);
		this.#intake.pump();
	}

	#refuse(reason: Reason, detail: string): void {
		const request = new ClientRequest(this, null, this.#context.monotonic());
		this.#closeAfter = true;
		this.#stage = "handling";
		this.#request = request;
		this.#responded = false;
		this.#deadline.never();
		try {
			this.#context.handler.refuse(request, reason, detail);
		} catch {
			// A bug there costs the stranger its connection, not everybody theirs.
			request.cut();
		}
	}

	#sendQueued(last: boolean): void {
		if (this.#gone || this.#stage === "closed") {
			this.#out.drop();
			return;
		}
		const written = this.#out.send(last);
		if (this.#request !== null) this.#request.bytesOut += written;
	}

	#linger(): void {
		this.#out.writeNow();
		this.#stage = "lingering";
		this.#context.onKnown();
		this.#lingering = new Lingering(this.#socket, this.#deadline);
	}

	/** Gives back what this request held. */
	#settle(): void {
		this.#intake.body.release();
		if (!this.#out.blocked) this.#releaseHeld();
		if (this.#request === null) return;
		this.#request.departureListener = null;
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
		if (this.#stage !== "handling" || request === null) return;
		request.departed = true;
		if (this.#intake.body.awaited) this.onRefused({ refused: "request-malformed", detail: "the caller left in the middle of the body" });
		const { departureListener } = request;
		request.departureListener = null;
		departureListener?.callerLeft();
	}

	#onClose(): void {
		this.#depart();
		this.#settle();
		this.#releaseHeld();
		this.#stage = "closed";
	}
}

function hasHead(request: ClientRequest): request is ClientRequest & { readonly head: RequestHead } {
	return request.head !== null;
}
