/**
 * A raw upstream that a test plays by hand: it says the bytes it is told to say, when it is told to, and nothing else.
 *
 *  - The script runs once a request, as soon as its head is there; without one the test takes requests from `nextRequest()` and answers itself.
 *  - Every byte that arrived is kept (`connection.raw`), parsed leniently (`requests`), so a test can look at both.
 *  - `connection.departed` tells that the peer sent FIN or went away; `connection.closed` how the connection ended.
 *  - No timers: everything happens when a byte arrives or when the test calls.
 */
import { once } from "node:events";
import net from "node:net";

import { LenientRequestReader, type ReceivedHead } from "./lenient-request.ts";

export type Bytes = string | Uint8Array;

/** ended: both sides said FIN · reset: the peer (or we) reset · cut: the socket was destroyed here */
export type Ending = "ended" | "reset" | "cut";

export type Script = (request: FakeRequest) => void | Promise<void>;

export interface FakeUpstream {
	readonly url: string;
	readonly host: string;
	readonly port: number;
	/** All requests so far, in the order of their heads' arrival. */
	readonly requests: readonly FakeRequest[];
	readonly connections: readonly FakeConnection[];
	/** The next request that nobody took yet. */
	nextRequest(): Promise<FakeRequest>;
	nextConnection(): Promise<FakeConnection>;
	/** From now on connects are refused; open connections live on. */
	refuse(): Promise<void>;
	/** Listens again on the same port. */
	accept(): Promise<void>;
	close(): Promise<void>;
}

export async function startFakeUpstream(script?: Script): Promise<FakeUpstream> {
	const connections = new Queue<FakeConnection>();
	const requests = new Queue<FakeRequest>();
	const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
		const connection = new FakeConnection(socket, (request) => {
			requests.push(request);
			// A script that fails is a failing test: the rejection surfaces as one.
			void script?.(request);
		});
		connections.push(connection);
	});
	await listen(server, 0);
	const port = portOf(server);
	return {
		url: `http://127.0.0.1:${port}`,
		host: "127.0.0.1",
		port,
		requests: requests.all,
		connections: connections.all,
		nextRequest: () => requests.next(),
		nextConnection: () => connections.next(),
		refuse: () => stop(server),
		accept: () => listen(server, port),
		close: async () => {
			for (const connection of connections.all) connection.destroy();
			if (server.listening) await stop(server);
		},
	};
}

/** One connection of the gateway. */
export class FakeConnection {
	/** Resolves when the peer sends FIN or the connection ends in any other way: the moment the peer left. */
	readonly departed: Promise<void>;
	readonly closed: Promise<Ending>;
	readonly requests: FakeRequest[] = [];
	readonly #socket: net.Socket;
	readonly #received: Buffer[] = [];
	#ending: Ending = "cut";

	constructor(socket: net.Socket, onRequest: (request: FakeRequest) => void) {
		this.#socket = socket;
		const departed = Promise.withResolvers<void>();
		const closed = Promise.withResolvers<Ending>();
		this.departed = departed.promise;
		this.closed = closed.promise;
		let current: FakeRequest | undefined;
		const reader = new LenientRequestReader({
			head: (head) => {
				current = new FakeRequest(head, this);
				this.requests.push(current);
				onRequest(current);
			},
			data: (bytes) => current?.take(bytes),
			end: () => current?.complete(),
		});
		socket.on("data", (bytes: Buffer) => {
			this.#received.push(bytes);
			reader.push(bytes);
		});
		socket.on("end", () => {
			this.#ending = "ended";
			departed.resolve();
		});
		socket.on("error", () => {
			this.#ending = "reset";
		});
		socket.on("close", () => {
			departed.resolve();
			closed.resolve(this.#ending);
		});
	}

	/** Every byte that arrived so far. */
	get raw(): Buffer {
		return Buffer.concat(this.#received);
	}

	/** Resolves when the kernel has taken the bytes; a peer that left is not an error here. */
	send(bytes: Bytes): Promise<void> {
		if (this.#socket.destroyed || this.#socket.writableEnded) return Promise.resolve();
		return new Promise((resolve) => this.#socket.write(bytes, () => resolve()));
	}

	/** Sends FIN after what was sent. */
	end(): void {
		this.#socket.end();
	}

	/** Answers FIN with FIN and drops the rest. */
	destroy(): void {
		this.#socket.destroy();
	}

	/** Sends RST. */
	reset(): void {
		this.#ending = "reset";
		this.#socket.resetAndDestroy();
	}

	/** Stops reading, so that the peer's writes fill the kernel's buffers: a slow upstream. */
	pause(): void {
		this.#socket.pause();
	}

	resume(): void {
		this.#socket.resume();
	}
}

/** One request as it arrived, and the ways to answer it. */
export class FakeRequest {
	readonly method: string;
	readonly target: string;
	readonly headers: ReceivedHead["headers"];
	readonly connection: FakeConnection;
	/** The whole body, once its end arrived. */
	readonly body: Promise<Buffer>;
	readonly #parts: Buffer[] = [];
	readonly #whole = Promise.withResolvers<Buffer>();

	constructor(head: ReceivedHead, connection: FakeConnection) {
		this.method = head.method;
		this.target = head.target;
		this.headers = head.headers;
		this.connection = connection;
		this.body = this.#whole.promise;
	}

	/** Of the body, what arrived so far. */
	get bodySoFar(): Buffer {
		return Buffer.concat(this.#parts);
	}

	/** Values of one field, in order. */
	header(name: string): readonly string[] {
		return this.headers.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
	}

	async json(): Promise<unknown> {
		return JSON.parse((await this.body).toString("utf8"));
	}

	/** A whole answer with a length. */
	respond(status: number, body: Bytes = "", headers: Readonly<Record<string, string>> = {}): Promise<void> {
		const bytes = Buffer.from(body);
		const head = headText(status, {
			"Content-Type": "application/json; charset=utf-8",
			...headers,
			"Content-Length": String(bytes.length),
		});
		return this.connection.send(Buffer.concat([Buffer.from(head, "latin1"), bytes]));
	}

	/** The head of a chunked answer; `chunk` and `finish` follow. */
	startStream(contentType = "application/x-ndjson", status = 200): Promise<void> {
		return this.connection.send(headText(status, { "Content-Type": contentType, "Transfer-Encoding": "chunked" }));
	}

	/** One chunk; the empty string would end the stream, so it sends nothing. */
	chunk(data: Bytes): Promise<void> {
		const bytes = Buffer.from(data);
		if (bytes.length === 0) return Promise.resolve();
		return this.connection.send(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]));
	}

	finish(): Promise<void> {
		return this.connection.send("0\r\n\r\n");
	}

	take(bytes: Buffer): void {
		this.#parts.push(bytes);
	}

	complete(): void {
		this.#whole.resolve(this.bodySoFar);
	}
}

/** Script: the same bytes to every request once it is whole. */
export function answers(bytes: Bytes): Script {
	return async (request) => {
		await request.body;
		await request.connection.send(bytes);
	};
}

/** Script: a JSON answer with a length. */
export function answersJson(value: unknown, status = 200): Script {
	return async (request) => {
		await request.body;
		await request.respond(status, JSON.stringify(value));
	};
}

/** Script: a chunked answer of these chunks, at once. */
export function streams(chunks: readonly string[], contentType?: string): Script {
	return async (request) => {
		await request.body;
		await request.startStream(contentType);
		for (const chunk of chunks) await request.chunk(chunk);
		await request.finish();
	};
}

/** Script: takes the request and says nothing, ever. */
export function answersNever(): Script {
	return () => {};
}

/** Script: the first `count` bytes of an answer, then FIN, or RST when asked. */
export function cutsAfter(bytes: Bytes, count: number, ending: "fin" | "rst" = "fin"): Script {
	return async (request) => {
		await request.body;
		await request.connection.send(Buffer.from(bytes).subarray(0, count));
		if (ending === "rst") request.connection.reset();
		else request.connection.end();
	};
}

function headText(status: number, headers: Readonly<Record<string, string>>): string {
	const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
	return `HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n`;
}

async function listen(server: net.Server, port: number): Promise<void> {
	server.listen(port, "127.0.0.1");
	await once(server, "listening");
}

function stop(server: net.Server): Promise<void> {
	// Not awaited to its callback: that one also waits for open connections, which are to live on.
	server.close();
	return Promise.resolve();
}

function portOf(server: net.Server): number {
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("the fake upstream has no port");
	return address.port;
}

/** What happened, in order, and whoever waits for the next. */
class Queue<T> {
	readonly all: T[] = [];
	readonly #waiting: ((item: T) => void)[] = [];
	#taken = 0;

	push(item: T): void {
		this.all.push(item);
		const waiter = this.#waiting.shift();
		if (waiter === undefined) return;
		this.#taken += 1;
		waiter(item);
	}

	next(): Promise<T> {
		const item = this.all[this.#taken];
		if (item === undefined) return new Promise((resolve) => this.#waiting.push(resolve));
		this.#taken += 1;
		return Promise.resolve(item);
	}
}
