/**
 * A TCP proxy with the faults that networks have, each switched on by the test: delay, slowness, slicing, loss, cuts and resets.
 *
 *  - A toxic transforms the bytes of one direction; toxics are chained in order and apply to connections made afterwards.
 *  - Faults happen when a gate opens or a byte count is reached, never after a time; only `bandwidth` uses a clock, for benches.
 *  - Back-pressure passes through: a side that does not read stops the other.
 */
import { once } from "node:events";
import net from "node:net";
import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";

import type { Gate } from "./gate.ts";

export type Direction = "up" | "down";

/** Both sockets of one connection, for toxics that end it. */
export interface Link {
	/** RST both ways. */
	reset(): void;
	/** FIN both ways, dropping what is unsent. */
	cut(): void;
}

export type Toxic = (bytes: AsyncIterable<Buffer>, link: Link) => AsyncIterable<Buffer>;

export interface ToxicProxy {
	readonly url: string;
	readonly port: number;
	/** Adds toxics to one direction of connections to come. */
	add(direction: Direction, ...toxics: readonly Toxic[]): void;
	clear(): void;
	/** Resets every open connection. */
	resetAll(): void;
	close(): Promise<void>;
}

export async function startToxicProxy(target: { readonly host?: string; readonly port: number }): Promise<ToxicProxy> {
	const toxics: Record<Direction, Toxic[]> = { up: [], down: [] };
	const links = new Set<Link>();
	const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (caller) => {
		const upstream = net.connect({ host: target.host ?? "127.0.0.1", port: target.port, allowHalfOpen: true, noDelay: true });
		const both = [caller, upstream];
		const link: Link = {
			reset: () => both.forEach((socket) => socket.resetAndDestroy()),
			cut: () => both.forEach((socket) => socket.destroy()),
		};
		links.add(link);
		for (const socket of both) {
			socket.on("error", () => both.forEach((each) => each.destroy()));
			socket.on("close", () => links.delete(link));
		}
		void relay(caller, upstream, toxics.up, link);
		void relay(upstream, caller, toxics.down, link);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("the proxy has no port");
	return {
		url: `http://127.0.0.1:${address.port}`,
		port: address.port,
		add: (direction, ...more) => void toxics[direction].push(...more),
		clear: () => Object.assign(toxics, { up: [], down: [] }),
		resetAll: () => links.forEach((link) => link.reset()),
		close: async () => {
			links.forEach((link) => link.cut());
			server.close();
			await once(server, "close");
		},
	};
}

async function relay(from: net.Socket, to: net.Socket, toxics: readonly Toxic[], link: Link): Promise<void> {
	let bytes: AsyncIterable<Buffer> = from;
	for (const toxic of toxics) bytes = toxic(bytes, link);
	try {
		for await (const part of bytes) {
			if (to.destroyed) return;
			if (!to.write(part)) await Promise.race([once(to, "drain"), once(to, "close")]);
		}
		to.end();
	} catch {
		// A socket that broke while read: the other side sees it too.
		link.cut();
	}
}

/** Every part waits until the gate opens: latency that ends when the test says so. */
export function held(gate: Gate): Toxic {
	return async function* (bytes) {
		for await (const part of bytes) {
			await gate.passed;
			yield part;
		}
	};
}

/** At most this many bytes a second, in steps of ten milliseconds. */
export function bandwidth(bytesPerSecond: number): Toxic {
	const step = Math.max(1, Math.floor(bytesPerSecond / 100));
	return async function* (bytes) {
		for await (const part of bytes) {
			for (let at = 0; at < part.length; at += step) {
				yield part.subarray(at, at + step);
				await pause(10);
			}
		}
	};
}

/** Slices of `size` bytes, each in a turn of its own and so mostly in a segment of its own. */
export function sliced(size: number): Toxic {
	return async function* (bytes) {
		for await (const part of bytes) {
			for (let at = 0; at < part.length; at += size) {
				yield part.subarray(at, at + size);
				await turn();
			}
		}
	};
}

/** After `count` bytes of this direction: FIN both ways, or RST. */
export function cutAfter(count: number, ending: "fin" | "rst" = "fin"): Toxic {
	return async function* (bytes, link) {
		let left = count;
		for await (const part of bytes) {
			yield part.subarray(0, left);
			left -= part.length;
			if (left > 0) continue;
			// The bytes before the cut are to arrive: a reset in the same turn would overtake them.
			await turn();
			if (ending === "rst") link.reset();
			else link.cut();
			return;
		}
	};
}

/** Bytes go in and nothing comes out; the connection stays. */
export function blackHole(): Toxic {
	return async function* (bytes) {
		for await (const _ of bytes) yield Buffer.alloc(0);
	};
}

/** The FIN of this direction is held back until the gate opens. */
export function slowClose(gate: Gate): Toxic {
	return async function* (bytes) {
		yield* bytes;
		await gate.passed;
	};
}
