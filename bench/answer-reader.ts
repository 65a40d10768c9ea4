/**
 * Reads the answers on one connection, one at a time: cheap enough for a load generator, strict enough to notice what is wrong.
 *
 *  - An answer that is not 200, that has neither a length nor chunks, or that has bytes behind its end throws.
 *  - Body bytes go to the sink as views of what was read; they hold only until it returns.
 *  - Independent of the readers under `src`, so that they are not judged by themselves.
 */
import { Buffer } from "node:buffer";

export type BodySink = (bytes: Buffer) => void;

type State = "head" | "length" | "chunk-size" | "chunk-data" | "chunk-end" | "trailer" | "ended";

const END_OF_HEAD = Buffer.from("\r\n\r\n");
const CRLF = Buffer.from("\r\n");
const LONGEST_HEAD = 64 * 1024;
const OK = /^HTTP\/1\.1 200 /;
const LENGTH = /\r\ncontent-length: *(\d+) *(?:\r\n|$)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked *(?:\r\n|$)/i;
const CHUNK_SIZE = /^[0-9a-f]{1,8}$/i;
const EMPTY = Buffer.alloc(0);

export class AnswerReader {
	readonly #sink: BodySink;
	#state: State = "head";
	/** Bytes of the body, or of the chunk, that are still to come. */
	#left = 0;
	#pending = EMPTY;

	constructor(sink: BodySink) {
		this.#sink = sink;
	}

	/** True when an answer ended with these bytes. */
	push(bytes: Buffer): boolean {
		let rest = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
		this.#pending = EMPTY;
		for (;;) {
			const taken = this.#step(rest);
			if (taken === null) {
				if (rest.length > LONGEST_HEAD) throw new Error(`a head or line of more than ${LONGEST_HEAD} bytes`);
				// What is kept outlives the read, and the caller's buffer may not.
				this.#pending = rest.length === 0 ? EMPTY : Buffer.from(rest);
				return false;
			}
			rest = rest.subarray(taken);
			if (this.#state !== "ended") continue;
			if (rest.length > 0) throw new Error(`bytes behind an answer's end: ${start(rest)}`);
			this.#state = "head";
			return true;
		}
	}

	/** Bytes taken off the front; null where more are needed first. */
	#step(bytes: Buffer): number | null {
		switch (this.#state) {
			case "head":
				return this.#readHead(bytes);
			case "length":
				return this.#readBody(bytes, "ended");
			case "chunk-data":
				return this.#readBody(bytes, "chunk-end");
			case "chunk-size":
				return this.#readLine(bytes, (line) => {
					if (!CHUNK_SIZE.test(line)) throw new Error(`not the size of a chunk: ${line}`);
					this.#left = Number.parseInt(line, 16);
					return this.#left === 0 ? "trailer" : "chunk-data";
				});
			case "chunk-end":
				return this.#readLine(bytes, (line) => {
					if (line !== "") throw new Error(`bytes behind a chunk's end: ${line}`);
					return "chunk-size";
				});
			case "trailer":
				return this.#readLine(bytes, (line) => (line === "" ? "ended" : "trailer"));
			case "ended":
				return null;
		}
	}

	#readHead(bytes: Buffer): number | null {
		const end = bytes.indexOf(END_OF_HEAD);
		if (end === -1) return null;
		const head = bytes.toString("latin1", 0, end);
		if (!OK.test(head)) throw new Error(`not an answer with status 200: ${start(bytes)}`);
		const length = LENGTH.exec(head)?.[1];
		const chunked = CHUNKED.test(head);
		if ((length === undefined) !== chunked) throw new Error(`neither one length nor chunks: ${head}`);
		this.#left = Number(length ?? 0);
		this.#state = chunked ? "chunk-size" : this.#left === 0 ? "ended" : "length";
		return end + END_OF_HEAD.length;
	}

	#readBody(bytes: Buffer, next: State): number | null {
		if (bytes.length === 0) return null;
		const taken = Math.min(bytes.length, this.#left);
		this.#sink(taken === bytes.length ? bytes : bytes.subarray(0, taken));
		this.#left -= taken;
		if (this.#left === 0) this.#state = next;
		return taken;
	}

	#readLine(bytes: Buffer, then: (line: string) => State): number | null {
		const end = bytes.indexOf(CRLF);
		if (end === -1) return null;
		this.#state = then(bytes.toString("latin1", 0, end));
		return end + CRLF.length;
	}
}

function start(bytes: Buffer): string {
	return bytes.toString("latin1", 0, 400);
}
