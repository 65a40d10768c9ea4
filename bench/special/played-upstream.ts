/**
 * An Ollama on raw sockets that plays what a prompt asks for (`play.ts`) and takes uploads at the speed that it is told.
 *
 *  - Lenient and small: it reads what the gateways under test send, one request at a time on a connection; anything else closes the connection.
 *  - Every stream has its own interval, begun when it began, as callers of a real model are not in step.
 *  - Tells whoever started it of each request and of each connection's end, with the moment of it.
 */
import { Buffer } from "node:buffer";
import net from "node:net";

import { CHAT_ANSWER, LOADED_LIST, lastLine, MODEL_LIST, TOKEN_LINE, VERSION_ANSWER } from "../scripted.ts";
import { type Play, playIn } from "./play.ts";

const END_OF_HEAD = Buffer.from("\r\n\r\n");
const LONGEST_REQUEST = 64 * 1024;
const SLICE_MS = 10;
const FLOOD_TOKENS = 128;
const TOKEN = Buffer.from(chunk(TOKEN_LINE));
const STREAM_BEGINNING = Buffer.from(`${head("application/x-ndjson", "Transfer-Encoding: chunked")}${TOKEN.toString("latin1")}`);
const FLOOD = Buffer.concat(Array.from({ length: FLOOD_TOKENS }, () => TOKEN));
const CHAT = whole(CHAT_ANSWER);
const ANSWERS: ReadonlyMap<string, Buffer> = new Map([
	["GET /api/tags", whole(MODEL_LIST)],
	["GET /api/ps", whole(LOADED_LIST)],
	["GET /api/version", whole(VERSION_ANSWER)],
]);

export interface PlayedUpstreamOptions {
	/** Of each upload; null takes them as fast as they come. */
	readonly uploadBytesPerSecond: number | null;
	/** A request's head is there: of an upload, which goes on, or of a whole request. */
	readonly onRequest?: (path: string, visit: Visit) => void;
}

/** One connection of whoever calls. */
export class Visit {
	/** By `performance.now`: when the connection's end was seen. */
	readonly ended: Promise<number>;

	constructor(socket: net.Socket) {
		const { promise, resolve } = Promise.withResolvers<number>();
		this.ended = promise;
		socket.once("end", () => resolve(performance.now()));
		socket.once("close", () => resolve(performance.now()));
	}
}

export interface StartedUpstream extends Disposable {
	readonly port: number;
}

/** Takes its listener and its connections away when it is disposed of. */
export async function startPlayedUpstream(options: PlayedUpstreamOptions): Promise<StartedUpstream> {
	const sockets = new Set<net.Socket>();
	const server = net.createServer({ noDelay: true }, (socket) => {
		sockets.add(socket);
		socket.once("close", () => sockets.delete(socket));
		serve(socket, options);
	});
	const { promise, resolve, reject } = Promise.withResolvers<StartedUpstream>();
	server.once("error", reject).listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
		const address = server.address();
		resolve({
			port: address !== null && typeof address === "object" ? address.port : 0,
			[Symbol.dispose]: () => {
				server.close();
				for (const socket of sockets) socket.destroy();
			},
		});
	});
	return promise;
}

function serve(socket: net.Socket, { uploadBytesPerSecond, onRequest }: PlayedUpstreamOptions): void {
	const visit = new Visit(socket);
	let pending: Buffer | null = null;
	let upload: Upload | null = null;
	socket.on("error", () => socket.destroy());
	socket.on("data", (bytes: Buffer) => {
		if (upload !== null) {
			if (upload.take(bytes.length)) upload = null;
			return;
		}
		const request: Buffer = pending === null ? bytes : Buffer.concat([pending, bytes]);
		pending = null;
		const headEnd = request.indexOf(END_OF_HEAD);
		if (headEnd === -1 && request.length <= LONGEST_REQUEST) {
			pending = request;
			return;
		}
		const text = request.toString("latin1", 0, headEnd);
		const start = text.slice(0, text.indexOf(" HTTP/1.1"));
		const bodyStart = headEnd + END_OF_HEAD.length;
		const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
		if (start.startsWith("POST /api/blobs/")) {
			upload = new Upload(socket, length, uploadBytesPerSecond);
			onRequest?.(start, visit);
			if (upload.take(request.length - bodyStart)) upload = null;
			return;
		}
		if (request.length < bodyStart + length) {
			pending = request;
			return;
		}
		onRequest?.(start, visit);
		answer(socket, start, request.toString("latin1", bodyStart));
	});
}

function answer(socket: net.Socket, start: string, body: string): void {
	if (start !== "POST /api/chat") {
		socket.write(ANSWERS.get(start) ?? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
		return;
	}
	const play = playIn(body);
	if (play === null) socket.write(CHAT);
	else begin(socket, play);
}

function begin(socket: net.Socket, play: Play): void {
	switch (play.kind) {
		case "paced":
			pace(socket, play.everyMs, play.tokens);
			return;
		case "flood":
			socket.write(STREAM_BEGINNING);
			flood(socket);
			return;
		case "held":
			socket.write(STREAM_BEGINNING);
			return;
		case "silent":
			return;
	}
}

function pace(socket: net.Socket, everyMs: number, tokens: number): void {
	let sent = 1;
	socket.write(STREAM_BEGINNING);
	const timer = setInterval(() => {
		if (sent < tokens) {
			sent += 1;
			socket.write(TOKEN);
			return;
		}
		stop();
		socket.write(`${chunk(lastLine(tokens))}0\r\n\r\n`);
	}, everyMs);
	const stop = (): void => {
		clearInterval(timer);
		socket.off("close", stop);
	};
	socket.on("close", stop);
}

function flood(socket: net.Socket): void {
	const pour = (): void => {
		while (!socket.destroyed && socket.write(FLOOD));
	};
	socket.on("drain", pour);
	pour();
}

/** An upload that is read in slices of time, so that the kernel's buffers fill and the sender has to wait. */
class Upload {
	readonly #socket: net.Socket;
	readonly #bytesPerMs: number;
	readonly #began = performance.now();
	#taken = 0;
	#left: number;

	constructor(socket: net.Socket, length: number, bytesPerSecond: number | null) {
		this.#socket = socket;
		this.#left = length;
		this.#bytesPerMs = bytesPerSecond === null ? Number.POSITIVE_INFINITY : bytesPerSecond / 1_000;
	}

	/** True when it is whole; it is then answered. */
	take(bytes: number): boolean {
		this.#left -= bytes;
		this.#taken += bytes;
		if (this.#left <= 0) {
			this.#socket.write("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
			return true;
		}
		const aheadMs = this.#taken / this.#bytesPerMs - (performance.now() - this.#began);
		if (aheadMs >= SLICE_MS) {
			this.#socket.pause();
			setTimeout(() => this.#socket.resume(), aheadMs);
		}
		return false;
	}
}

function head(contentType: string, framing: string): string {
	return `HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\nDate: Mon, 23 Nov 2026 03:53:56 GMT\r\n${framing}\r\n\r\n`;
}

function whole(body: string): Buffer {
	return Buffer.from(`${head("application/json; charset=utf-8", `Content-Length: ${Buffer.byteLength(body)}`)}${body}`);
}

function chunk(text: string): string {
	return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
