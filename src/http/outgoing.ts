/**
 * The answer on its way out of one connection: head, pieces, chunk framing, and whether the caller still takes any of it.
 *
 * What was queued leaves in one system call, as one chunk where the answer is chunked. A token stream is then one small write a token.
 */
import type { Socket } from "node:net";
import type { Framing } from "../wire/message.ts";
import { CHUNK_END, chunkHead, LAST_CHUNK } from "../wire/write.ts";
import { gather } from "./gather.ts";

export class Outgoing {
	readonly #socket: Socket;
	#framing: Framing = { kind: "none" };
	#head = "";
	#pieces: Buffer[] = [];
	#bytes = 0;
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

	push(bytes: Buffer): void {
		if (bytes.length === 0) return;
		this.#pieces.push(bytes);
		this.#bytes += bytes.length;
	}

	/** Writes what is queued, and with `last` the end of the body. Returns the bytes written. */
	send(last: boolean): number {
		const chunked = this.#framing.kind === "chunked";
		const parts: (string | Buffer)[] = [];
		if (this.#head !== "") parts.push(this.#head);
		if (this.#bytes > 0) {
			if (chunked) parts.push(chunkHead(this.#bytes), ...this.#pieces, CHUNK_END);
			else parts.push(...this.#pieces);
		}
		if (last && chunked) parts.push(LAST_CHUNK);
		this.drop();
		if (parts.length === 0) return 0;
		const bytes = gather(parts);
		if (this.#socket.writableLength === 0) this.#progressAt = 0;
		this.#socket.write(bytes);
		return bytes.length;
	}

	/** Forgets what is queued: the caller has gone. */
	drop(): void {
		this.#head = "";
		this.#pieces = [];
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
}
