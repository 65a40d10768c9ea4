/**
 * A client on a raw socket: sends exactly the bytes that a test wants on the wire, and reads answers with a small strict parser.
 *
 *  - Nothing is repaired: a response that RFC 9112 does not allow rejects with the bytes in the message.
 *  - `closed` resolves when the server ended the connection, in whatever way; pending reads then reject.
 */
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";

import type { Bytes } from "./fake-upstream.ts";

export interface RawClientOptions {
	readonly host?: string;
	readonly port: number;
	/** TLS with this CA (PEM) and nothing else trusted; `alpn` is offered as it stands. */
	readonly tls?: { readonly ca: string; readonly servername?: string; readonly alpn?: readonly string[] } & Pick<
		tls.ConnectionOptions,
		"cert" | "key"
	>;
	/** Loopback source address, for tests that need several callers. */
	readonly localAddress?: string;
}

export interface RawHead {
	readonly version: string;
	readonly status: number;
	readonly reason: string;
	/** In order, names as sent. */
	readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface RawResponse extends RawHead {
	readonly body: Buffer;
	/** Data of each chunk; null where the body was not chunked. */
	readonly chunks: readonly Buffer[] | null;
	/** First value of a field, or null. */
	header(name: string): string | null;
	text(): string;
	json(): unknown;
}

export async function connectRaw(options: RawClientOptions): Promise<RawClient> {
	const { host = "127.0.0.1", port, localAddress } = options;
	const base = { host, port, ...(localAddress === undefined ? {} : { localAddress }) };
	if (options.tls === undefined) {
		const socket = net.connect({ ...base, allowHalfOpen: true, noDelay: true });
		await once(socket, "connect");
		return new RawClient(socket);
	}
	const { ca, servername = "localhost", alpn, ...identity } = options.tls;
	const socket = tls.connect({ ...base, ca, servername, ...identity, ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }) });
	await once(socket, "secureConnect");
	socket.setNoDelay(true);
	return new RawClient(socket);
}

export class RawClient {
	/** How the connection ended: the server's FIN, or an error's code (`ECONNRESET`). */
	readonly closed: Promise<string>;
	readonly socket: net.Socket;
	#pending: Buffer = Buffer.alloc(0);
	#ending: string | null = null;
	#wake: (() => void) | null = null;

	constructor(socket: net.Socket) {
		this.socket = socket;
		const closed = Promise.withResolvers<string>();
		this.closed = closed.promise;
		const finish = (how: string) => {
			this.#ending ??= how;
			closed.resolve(this.#ending);
			this.#wake?.();
		};
		socket.on("data", (bytes: Buffer) => {
			this.#pending = Buffer.concat([this.#pending, bytes]);
			this.#wake?.();
		});
		socket.on("end", () => finish("end"));
		socket.on("error", (error: Error & { code?: string }) => finish(error.code ?? error.message));
		socket.on("close", () => finish("close"));
	}

	/** What arrived and was not read yet. */
	get unread(): Buffer {
		return this.#pending;
	}

	/** Resolves when the kernel has taken the bytes; a server that left is not an error here. */
	send(bytes: Bytes): Promise<void> {
		return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
	}

	/** FIN: what `curl` does not do and a departing browser does. */
	halfClose(): void {
		this.socket.end();
	}

	destroy(): void {
		this.socket.destroy();
	}

	/** RST instead of FIN. */
	reset(): void {
		this.socket.resetAndDestroy();
	}

	/** Everything up to and including the marker. */
	async readUntil(marker: string): Promise<string> {
		for (;;) {
			const at = this.#pending.indexOf(marker);
			if (at >= 0) return this.#take(at + Buffer.byteLength(marker)).toString("utf8");
			await this.#more(`${JSON.stringify(marker)}`);
		}
	}

	async readBytes(count: number): Promise<Buffer> {
		while (this.#pending.length < count) await this.#more(`${count} bytes`);
		return this.#take(count);
	}

	/** Everything until the server ends the connection. */
	async readToEnd(): Promise<Buffer> {
		await this.closed;
		return this.#take(this.#pending.length);
	}

	async readHead(): Promise<RawHead> {
		return parseHead(await this.readUntil("\r\n\r\n"));
	}

	/** The data of the next chunk, or null after the last (its trailers are not allowed). */
	async readChunk(): Promise<Buffer | null> {
		const line = await this.readUntil("\r\n");
		if (!/^[0-9a-fA-F]+\r\n$/.test(line)) throw new Error(`not the size of a chunk: ${JSON.stringify(line)}`);
		const data = await this.readBytes(Number.parseInt(line, 16));
		const after = await this.readBytes(2);
		if (after.toString("latin1") !== "\r\n") throw new Error(`no CRLF after a chunk: ${JSON.stringify(after.toString("latin1"))}`);
		return data.length === 0 ? null : data;
	}

	/** One whole response, past any 1xx. `head` for the answer to a HEAD. */
	async readResponse({ head: bodiless = false }: { head?: boolean } = {}): Promise<RawResponse> {
		for (;;) {
			const head = await this.readHead();
			if (head.status >= 100 && head.status < 200) continue;
			const { body, chunks } = bodiless ? { body: Buffer.alloc(0), chunks: null } : await this.#readBody(head);
			return {
				...head,
				body,
				chunks,
				header: (name) => headerOf(head, name),
				text: () => body.toString("utf8"),
				json: () => JSON.parse(body.toString("utf8")),
			};
		}
	}

	/** The same, or null where the connection ended without a byte. */
	async readResponseOrEnd(options: { head?: boolean } = {}): Promise<RawResponse | null> {
		while (this.#pending.length === 0) {
			if (this.#ending !== null) return null;
			await this.#more("a byte");
		}
		return await this.readResponse(options);
	}

	async #readBody(head: RawHead): Promise<{ body: Buffer; chunks: Buffer[] | null }> {
		const coding = headerOf(head, "transfer-encoding");
		const length = headerOf(head, "content-length");
		if (coding !== null && length !== null) throw new Error("both Transfer-Encoding and Content-Length");
		if (coding !== null) {
			if (coding !== "chunked") throw new Error(`unknown transfer coding ${coding}`);
			const chunks: Buffer[] = [];
			for (let chunk = await this.readChunk(); chunk !== null; chunk = await this.readChunk()) chunks.push(chunk);
			return { body: Buffer.concat(chunks), chunks };
		}
		if (head.status === 204 || head.status === 304) return { body: Buffer.alloc(0), chunks: null };
		if (length === null) return { body: await this.readToEnd(), chunks: null };
		if (!/^[0-9]+$/.test(length)) throw new Error(`not a length: ${length}`);
		return { body: await this.readBytes(Number(length)), chunks: null };
	}

	#take(count: number): Buffer {
		const taken = this.#pending.subarray(0, count);
		this.#pending = this.#pending.subarray(count);
		return taken;
	}

	#more(wanted: string): Promise<void> {
		if (this.#ending !== null) {
			const left = this.#pending.toString("utf8").slice(0, 400);
			return Promise.reject(new Error(`the connection ended (${this.#ending}) before ${wanted}; unread: ${JSON.stringify(left)}`));
		}
		return new Promise((resolve) => {
			this.#wake = () => {
				this.#wake = null;
				resolve();
			};
		});
	}
}

/** Sends one request on a connection of its own and returns the answer. */
export async function requestRaw(options: RawClientOptions, bytes: Bytes): Promise<RawResponse> {
	const client = await connectRaw(options);
	try {
		await client.send(bytes);
		return await client.readResponse({ head: Buffer.from(bytes).subarray(0, 5).toString("latin1") === "HEAD " });
	} finally {
		client.destroy();
	}
}

function parseHead(text: string): RawHead {
	const [statusLine = "", ...lines] = text.slice(0, -4).split("\r\n");
	const match = /^(HTTP\/1\.[01]) ([0-9]{3}) ([\x20-\x7e]*)$/.exec(statusLine);
	if (match === null) throw new Error(`not a status line: ${JSON.stringify(statusLine)}`);
	const headers = lines.map((line): readonly [string, string] => {
		const field = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|)$/.exec(line);
		if (field === null) throw new Error(`not a header field: ${JSON.stringify(line)}`);
		return [field[1] ?? "", field[2] ?? ""];
	});
	return { version: match[1] ?? "", status: Number(match[2]), reason: match[3] ?? "", headers };
}

function headerOf(head: RawHead, name: string): string | null {
	const values = head.headers.filter(([each]) => each.toLowerCase() === name.toLowerCase());
	return values[0]?.[1] ?? null;
}
