/**
 * The answer on its way out of one connection: head, pieces, chunk framing, and whether the caller still takes any of it.
 *
 *  - What was queued leaves in one system call, as one chunk where the answer is chunked. A token stream is then one small write a token.
 *  - Pieces are views until `send` copies them, once, into what the socket gets at the end of this turn of the loop.
 */
import type { Socket } from "node:net";
import type { Framing } from "../wire/message.ts";
import { chunkOverhead, LAST_CHUNK, writeChunkEnd, writeChunkStart } from "../wire/write.ts";
import { LARGE_BYTES, toWrite, type Writer } from "./turn.ts";

const NO_FRAMING: Framing = { kind: "none" };

export class Outgoing implements Writer {
	readonly #socket: Socket;
	#framing: Framing = NO_FRAMING;
	#head = "";
	readonly #pieces: Buffer[] = [];
	#bytes = 0;
	/** Sent, and not yet given to the socket. */
	#waiting: (string | Buffer)[] = [];
	#waitingBytes = 0;
	#acknowledged = 0;
	#progressAt = 0;

	constructor(socket: Socket) {
		this.#socket = socket;
	}

	get framing(): Framing {
		return this.#framing;
	}

	/** Whether a writer should wait for `drain`. */
	get blocked(): boolean {
		return this.#socket.writableNeedDrain;
	}

	begin(head: string, framing: Framing): void {
		this.#head = head;
		this.#framing = framing;
	}

	/** `bytes` must stay as they are until the next `send`. */
	push(bytes: Buffer): void {
		if (bytes.length === 0) return;
		this.#pieces.push(bytes);
		this.#bytes += bytes.length;
	}

	/** Sends what is queued, and with `last` the end of the body. Returns the bytes sent. */
	send(last: boolean): number {
		const chunked = this.#framing.kind === "chunked";
		const framed = chunked && this.#bytes > 0;
		const ends = last && chunked;
		const length = this.#head.length + this.#bytes + (framed ? chunkOverhead(this.#bytes) : 0) + (ends ? LAST_CHUNK.length : 0);
		if (length === 0) return 0;
		if (this.#socket.writableLength === 0) this.#progressAt = 0;
		if (this.#bytes === 0 && !ends) {
			this.#later(this.#head);
		} else {
			const bytes = Buffer.allocUnsafe(length);
			let at = this.#head === "" ? 0 : bytes.write(this.#head, "latin1");
			if (framed) at = writeChunkStart(bytes, at, this.#bytes);
			at = this.#copyPieces(bytes, at);
			if (framed) at = writeChunkEnd(bytes, at);
			if (ends) bytes.set(LAST_CHUNK, at);
			this.#later(bytes);
		}
		this.drop();
		return length;
	}

	/** Sends octets that belong to no answer: `100 Continue`. */
	sendText(text: string): void {
		this.#later(text);
	}

	/** To be called before the socket is ended, and by the turn. */
	writeNow(): void {
		const waiting = this.#waiting;
		if (waiting.length === 0) return;
		this.#waiting = [];
		this.#waitingBytes = 0;
		if (this.#socket.destroyed) return;
		for (const part of waiting) {
			if (typeof part === "string") this.#socket.write(part, "latin1");
			else this.#socket.write(part);
		}
	}

	/** Forgets what is queued: it was sent, or the caller has gone. */
	drop(): void {
		this.#head = "";
		this.#pieces.length = 0;
		this.#bytes = 0;
	}

	/**
	 * Whether the caller has taken nothing for `timeoutMs` although something waits for it. To be asked now and then.
	 *
	 * Progress is what the kernel took; Node has no such limit of its own, and without one a caller that reads nothing keeps a GPU busy.
	 */
	stalled(now: number, timeoutMs: number): boolean {
		if (this.#socket.writableLength === 0) return false;
		const acknowledged = this.#socket.bytesWritten - this.#socket.writableLength;
		if (acknowledged !== this.#acknowledged || this.#progressAt === 0) {
			this.#acknowledged = acknowledged;
			this.#progressAt = now;
			return false;
		}
		return now - this.#progressAt >= timeoutMs;
	}

	#later(part: string | Buffer): void {
		this.#waiting.push(part);
		this.#waitingBytes += part.length;
		if (this.#waitingBytes >= LARGE_BYTES) this.writeNow();
		else if (this.#waiting.length === 1) toWrite(this);
	}

	#copyPieces(into: Buffer, from: number): number {
		let at = from;
		for (const piece of this.#pieces) {
			into.set(piece, at);
			at += piece.length;
		}
		return at;
	}
}
