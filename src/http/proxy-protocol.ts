/** Takes the PROXY protocol's header off a connection, before TLS or HTTP see a byte of it, and leaves everything behind it where it was. */
import type { Socket } from "node:net";
import { type ProxyHeader, readProxyHeader } from "../wire/proxy-header.ts";

/**
 * `socket` is paused and nobody has read from it; it is so again when `onHeader` is called. A header that never ends is the listener's to give up: it
 * sweeps what does not begin in time.
 */
export function takeProxyHeader(socket: Socket, onHeader: (header: Exclude<ProxyHeader, "more">) => void): void {
	let held = Buffer.alloc(0);
	const onReadable = (): void => {
		for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) held = Buffer.concat([held, chunk]);
		const header = readProxyHeader(held);
		if (header === "more") return;
		socket.off("readable", onReadable);
		socket.pause();
		if (header.kind !== "refused" && held.length > header.length) socket.unshift(held.subarray(header.length));
		// The stream notices a turn later that nobody waits for `readable` any more; whoever resumed it before would wait for ever.
		setImmediate(onHeader, header);
	};
	socket.on("readable", onReadable);
}
