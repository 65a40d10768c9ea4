/**
 * Which TCP addresses of this machine are listened on, read from `/proc/net/tcp` and `/proc/net/tcp6`.
 *
 * The kernel writes an address as 32-bit words in the machine's own byte order; every machine that this runs on is little-endian. Sockets of other
 * network namespaces (containers) are not in these files.
 */
import { readFile } from "node:fs/promises";

export interface ListeningSocket {
	readonly address: string;
	readonly port: number;
}

const STATE_LISTEN = "0A";

/** Null where the system has no such files. */
export async function listeningSockets(): Promise<readonly ListeningSocket[] | null> {
	const texts = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFile(file, "utf8").catch(() => null)));
	if (texts.every((text) => text === null)) return null;
	return texts.flatMap((text) => parseListening(text ?? ""));
}

export function parseListening(text: string): readonly ListeningSocket[] {
	return text.split("\n").flatMap((line) => {
		const [, local = "", , state] = line.trim().split(/\s+/);
		const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local);
		if (state !== STATE_LISTEN || match === null) return [];
		const [, hex = "", port = ""] = match;
		return [{ address: addressOf(hex), port: Number.parseInt(port, 16) }];
	});
}

/** Whether only programs of this machine reach it. */
export function isLoopback(address: string): boolean {
	return address === "::1" || /^(?:::ffff:)?127\./.test(address);
}

function addressOf(hex: string): string {
	const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
		(word.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)),
	);
	if (bytes.length === 4) return bytes.join(".");
	const groups: string[] = [];
	for (let at = 0; at < bytes.length; at += 2) groups.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
	const mapped = groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff";
	return mapped ? `::ffff:${bytes.slice(12).join(".")}` : new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
