/**
 * One answer, framed as Go's net/http frames it, because the framing of a recorded Ollama is what the tests compare.
 *
 *  - Headers of the handler in alphabetical order, then Date, Content-Length, Connection, Transfer-Encoding.
 *  - An answer that fits in 2,048 bytes and was never flushed has a length; anything else is chunked, one chunk for each flush or overflow.
 *  - `Connection` is only written to close, unless a handler set it.
 */
import type { ServerResponse } from "node:http";

import { goJson } from "./go-json.ts";
import { httpDate, type Moments } from "./moments.ts";

const BUFFER_BYTES = 2048;

export class Reply {
	status = 200;
	readonly #response: ServerResponse;
	/** What the request asked for. A departure later ends the connection too, but is not announced. */
	readonly #closing: boolean;
	readonly #moments: Moments;
	readonly #fields = new Map<string, readonly string[]>();
	#buffered: Buffer[] = [];
	#bufferedBytes = 0;
	#written = false;

	constructor(response: ServerResponse, moments: Moments) {
		this.#response = response;
		this.#closing = !response.shouldKeepAlive;
		this.#moments = moments;
	}

	/** Whether a byte of the body was written: from then on the status is decided. */
	get written(): boolean {
		return this.#written;
	}

	set(name: string, ...values: readonly string[]): void {
		this.#fields.set(name, values);
	}

	has(name: string): boolean {
		return this.#fields.has(name);
	}

	write(data: string | Buffer): void {
		this.#written = true;
		let left = typeof data === "string" ? Buffer.from(data, "utf8") : data;
		while (left.length > BUFFER_BYTES - this.#bufferedBytes) {
			if (this.#bufferedBytes === 0) {
				this.#emit(left);
				return;
			}
			const fitting = left.subarray(0, BUFFER_BYTES - this.#bufferedBytes);
			this.#hold(fitting);
			this.#emit(this.#release());
			left = left.subarray(fitting.length);
		}
		this.#hold(left);
	}

	/** A whole JSON value; the content type is Ollama's usual one unless a handler chose another. */
	json(status: number, value: unknown): void {
		this.status = status;
		if (!this.has("Content-Type")) this.set("Content-Type", "application/json; charset=utf-8");
		this.write(goJson(value));
	}

	error(status: number, message: string): void {
		this.json(status, { error: message });
	}

	text(status: number, text: string, contentType = "text/plain"): void {
		this.status = status;
		this.set("Content-Type", contentType);
		this.write(text);
	}

	/** Sends what is buffered, and the head at the latest now. */
	flush(): void {
		this.#written = true;
		if (!this.#response.headersSent) this.#startChunked();
		if (this.#bufferedBytes > 0) this.#emit(this.#release());
	}

	end(): void {
		const rest = this.#release();
		if (this.#response.headersSent) {
			if (rest.length > 0) this.#send(rest);
		} else {
			const framed = this.#hasBody ? rest.length > 0 || this.#response.req.method !== "HEAD" : false;
			this.#sendHead(framed ? [["Content-Length", String(rest.length)]] : []);
			if (rest.length > 0) this.#send(rest);
		}
		this.#response.end();
	}

	/** Resolves when the caller has taken what was sent, or is gone. */
	async drained(): Promise<void> {
		const response = this.#response;
		if (!response.writableNeedDrain || response.destroyed) return;
		await new Promise<void>((resolve) => {
			const done = () => {
				response.off("drain", done);
				response.off("close", done);
				resolve();
			};
			response.on("drain", done);
			response.on("close", done);
		});
	}

	get #hasBody(): boolean {
		return this.status !== 204 && this.status !== 304;
	}

	#hold(data: Buffer): void {
		this.#buffered.push(data);
		this.#bufferedBytes += data.length;
	}

	#release(): Buffer {
		const held = Buffer.concat(this.#buffered);
		this.#buffered = [];
		this.#bufferedBytes = 0;
		return held;
	}

	#emit(data: Buffer): void {
		if (!this.#response.headersSent) this.#startChunked();
		this.#send(data);
	}

	#send(data: Buffer): void {
		// Node refuses a body after HEAD or 204; Go drops it silently.
		if (!this.#hasBody || this.#response.req.method === "HEAD") return;
		// Node joins the chunks of one turn unless the socket is corked already; each flush is to be a chunk of its own.
		const { socket } = this.#response;
		socket?.cork();
		this.#response.write(data);
		socket?.uncork();
	}

	#startChunked(): void {
		const chunked = this.#hasBody && this.#response.req.method !== "HEAD" && this.#response.req.httpVersion !== "1.0";
		this.#sendHead(chunked ? [["Transfer-Encoding", "chunked"]] : []);
	}

	#sendHead(framing: readonly (readonly [name: string, value: string])[]): void {
		const response = this.#response;
		if (this.#closing) this.#fields.delete("Connection");
		const handlers = [...this.#fields]
			.toSorted(([a], [b]) => (a < b ? -1 : 1))
			.flatMap(([name, values]) => values.map((value) => [name, value]));
		const length = framing.filter(([name]) => name === "Content-Length");
		const coding = framing.filter(([name]) => name !== "Content-Length");
		// HTTP/1.0 callers expect the end of the connection without being told.
		const connection = this.#closing && response.req.httpVersion !== "1.0" ? [["Connection", "close"]] : [];
		const all = [...handlers, ["Date", httpDate(this.#moments.now())], ...length, ...connection, ...coding];
		response.sendDate = false;
		// Without this Node adds `Connection: keep-alive` and `Keep-Alive`, which Go does not.
		response.removeHeader("connection");
		response.writeHead(this.status, all.flat());
	}
}
