/**
 * Where the bytes of a caller's connection come from.
 *
 *  - In clear text all connections read into one buffer, out of which what came is copied. So an open connection keeps no buffer of its own, and a read
 *    allocates what it brought instead of 64 KiB; that and the stream machinery between are a tenth of what a short request costs.
 *  - What came is dealt with when all sockets that have something were read (`turn.ts`).
 *  - Node has that (`onread`) for sockets that connect, not for those that a server accepts. An accepted socket's handle is therefore moved into a
 *    socket that has it. The handle is no documented part of Node: where it is not what it is in the pinned runtime, and under TLS, the socket is read
 *    as any other (ADR 17).
 */
import { Socket } from "node:net";
import { arrived } from "./turn.ts";

export interface ByteSource {
	readonly socket: Socket;
	/** Calls `take` with each piece, which is its own. To be called once, before the socket is resumed. */
	onBytes(take: (bytes: Buffer) => void): void;
}

/** As much as one read of a socket brings at most. */
const READ_BYTES = 64 * 1024;
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

export function sourceOf(socket: Socket): ByteSource {
	return { socket, onBytes: (take) => void socket.on("data", (bytes: Buffer) => arrived(take, bytes)) };
}

/** A source in the place of `accepted`, which is paused, unread, and ends here; null where it has to be read as it is. */
export function takeOver(accepted: Socket): ByteSource | null {
	const handle: unknown = Reflect.get(accepted, "_handle");
	if (!isStreamHandle(handle) || accepted.readableLength > 0 || accepted.destroyed) return null;
	let take: (bytes: Buffer) => void = () => undefined;
	const onread = {
		buffer: readBuffer,
		callback: (bytes: number): boolean => {
			arrived(take, Buffer.from(readBuffer.subarray(0, bytes)));
			return true;
		},
	};
	Reflect.set(accepted, "_handle", null);
	accepted.destroy();
	const options: object = { handle, onread };
	const socket = new Socket(options);
	socket.pause();
	return {
		socket,
		onBytes: (taker) => {
			take = taker;
		},
	};
}

function isStreamHandle(handle: unknown): boolean {
	if (typeof handle !== "object" || handle === null) return false;
	return ["readStart", "readStop", "writeBuffer", "close"].every((name) => typeof Reflect.get(handle, name) === "function");
}
