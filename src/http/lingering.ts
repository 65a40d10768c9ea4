/**
 * The last of a connection that we end: for a while the caller's remaining bytes are read and dropped, or the reset would swallow our answer.
 *
 *  - The time begins when the answer is out: a caller may read slowly, and one that reads nothing is let go as one whose answer stalls.
 */
import type { Socket } from "node:net";
import type { ConnectionDeadline } from "./connection-deadline.ts";

const LINGER_MS = 2_000;
const LINGER_BYTES = 1024 * 1024;

export class Lingering {
	readonly #socket: Socket;
	#bytes = 0;

	constructor(socket: Socket, deadline: ConnectionDeadline) {
		this.#socket = socket;
		deadline.never();
		socket.end(() => deadline.after(LINGER_MS));
		socket.resume();
	}

	drop(bytes: number): void {
		this.#bytes += bytes;
		if (this.#bytes > LINGER_BYTES) this.#socket.destroy();
	}
}
