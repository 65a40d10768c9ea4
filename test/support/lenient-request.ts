/**
 * Reads requests off a byte stream the way a careless server would, for tests that look at what the gateway sent upstream.
 *
 *  - It never refuses: what it cannot make sense of stays in `raw` of the connection.
 *  - A head is reported as soon as its blank line is there; the body grows afterwards.
 *  - Bodies are framed by `Transfer-Encoding: chunked` or `Content-Length`; chunk data is unwrapped, trailers are dropped.
 */
export interface ReceivedHead {
	readonly method: string;
	readonly target: string;
	readonly version: string;
	/** In order, names as sent. */
	readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface RequestSink {
	head(head: ReceivedHead): void;
	data(bytes: Buffer): void;
	end(): void;
}

type State =
	| { readonly kind: "head" }
	| { readonly kind: "length"; left: number }
	| { readonly kind: "chunk-size" }
	| Chunk
	| { readonly kind: "trailers" };

interface Chunk {
	readonly kind: "chunk";
	/** Bytes of data and the CRLF after them that are still to come. */
	left: number;
}

export class LenientRequestReader {
	readonly #sink: RequestSink;
	#pending: Buffer = Buffer.alloc(0);
	#state: State = { kind: "head" };

	constructor(sink: RequestSink) {
		this.#sink = sink;
	}

	push(bytes: Buffer): void {
		this.#pending = Buffer.concat([this.#pending, bytes]);
		while (this.#step());
	}

	/** Makes one step; false when more bytes are needed. */
	#step(): boolean {
		switch (this.#state.kind) {
			case "head":
				return this.#readHead();
			case "length":
				return this.#readLength(this.#state);
			case "chunk-size":
				return this.#readChunkSize();
			case "chunk":
				return this.#readChunk(this.#state);
			case "trailers":
				return this.#readTrailers();
		}
	}

	#readHead(): boolean {
		const end = this.#pending.indexOf("\r\n\r\n");
		if (end < 0) return false;
		const head = headOf(this.#pending.toString("latin1", 0, end));
		this.#pending = this.#pending.subarray(end + 4);
		this.#sink.head(head);
		const field = (name: string) => head.headers.find(([each]) => each.toLowerCase() === name)?.[1];
		if (field("transfer-encoding")?.toLowerCase().includes("chunked") === true) {
			this.#state = { kind: "chunk-size" };
			return true;
		}
		this.#state = { kind: "length", left: Number(field("content-length") ?? 0) };
		return true;
	}

	#readLength(state: { left: number }): boolean {
		if (state.left > 0 && this.#pending.length === 0) return false;
		const part = this.#pending.subarray(0, state.left);
		this.#pending = this.#pending.subarray(part.length);
		state.left -= part.length;
		if (part.length > 0) this.#sink.data(part);
		if (state.left === 0) this.#finish();
		return this.#pending.length > 0;
	}

	#readChunkSize(): boolean {
		const line = this.#line();
		if (line === null) return false;
		const size = Number.parseInt(line, 16);
		this.#state = size > 0 ? { kind: "chunk", left: size + 2 } : { kind: "trailers" };
		return true;
	}

	#readChunk(state: Chunk): boolean {
		if (this.#pending.length === 0) return false;
		const part = this.#pending.subarray(0, state.left);
		const data = part.subarray(0, Math.max(0, Math.min(part.length, state.left - 2)));
		this.#pending = this.#pending.subarray(part.length);
		state.left -= part.length;
		if (data.length > 0) this.#sink.data(data);
		if (state.left === 0) this.#state = { kind: "chunk-size" };
		return true;
	}

	#readTrailers(): boolean {
		const line = this.#line();
		if (line === null) return false;
		if (line === "") this.#finish();
		return true;
	}

	#finish(): void {
		this.#state = { kind: "head" };
		this.#sink.end();
	}

	#line(): string | null {
		const end = this.#pending.indexOf("\r\n");
		if (end < 0) return null;
		const line = this.#pending.toString("latin1", 0, end);
		this.#pending = this.#pending.subarray(end + 2);
		return line;
	}
}

function headOf(text: string): ReceivedHead {
	const [requestLine = "", ...lines] = text.split("\r\n");
	const [method = "", target = "", version = ""] = requestLine.split(" ");
	const headers = lines.map((line): readonly [string, string] => {
		const colon = line.indexOf(":");
		return [line.slice(0, colon), line.slice(colon + 1).trim()];
	});
	return { method, target, version, headers };
}
