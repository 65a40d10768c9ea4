/**
 * A scripted Ollama on raw sockets, as cheap as one can be: a process of its own beside the load generator.
 *
 *  - Short requests are answered at once with bytes made beforehand; paced streams get one token each at every tick of one timer shared by all of
 *    them; unpaced ones a burst each in turn, as soon as the kernel has taken the one before.
 *  - It reads only what the proxies under test send: requests framed by a length, one at a time on a connection. All else closes the connection,
 *    which the load generator counts as an error.
 *  - Prints one line of JSON with its port, and ends when its standard input does, so that it never outlives whoever started it.
 */
import { Buffer } from "node:buffer";
import net from "node:net";

import {
	CHAT_ANSWER,
	COMPLETION_ANSWER,
	FLOOD_BURST,
	FLOOD_MODEL,
	LOADED_LIST,
	MODEL_LIST,
	STREAM_SCRIPTS,
	type StreamDialect,
	TOKENS_PER_SECOND,
	VERSION_ANSWER,
} from "./scripted.ts";

const LONGEST_REQUEST = 64 * 1024;
const END_OF_HEAD = Buffer.from("\r\n\r\n");
const HEADS = { ndjson: streamHead("ndjson"), sse: streamHead("sse") };
const BURSTS = { ndjson: burst("ndjson"), sse: burst("sse") };
const WHOLE_ANSWERS: ReadonlyMap<string, Buffer> = new Map([
	["GET /api/tags", whole(MODEL_LIST)],
	["GET /api/ps", whole(LOADED_LIST)],
	["GET /api/version", whole(VERSION_ANSWER)],
	["GET /", whole("Ollama is running")],
	["POST /api/chat", whole(CHAT_ANSWER)],
	["POST /v1/chat/completions", whole(COMPLETION_ANSWER)],
]);
const NOT_FOUND = Buffer.from("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
const STREAMED = /"stream": ?true/;
/** Under one of its names, whatever the gateway made of the caller's. */
const TOKENS = /"(?:num_predict|max_tokens|max_completion_tokens)": ?(\d+)/;

interface Stream {
	readonly socket: net.Socket;
	readonly dialect: StreamDialect;
	readonly tokens: number;
	sent: number;
}

interface ShortRequest {
	readonly request: Buffer;
	readonly answer: Buffer;
}

const paced = new Set<Stream>();
const unpaced = new Set<Stream>();
let floodScheduled = false;

setInterval(() => {
	for (const stream of paced) if (!sendSome(stream, 1)) paced.delete(stream);
}, 1000 / TOKENS_PER_SECOND);

const server = net.createServer({ noDelay: true }, (socket) => {
	let pending: Buffer | null = null;
	let short: ShortRequest | null = null;
	socket.on("data", (bytes: Buffer) => {
		// Most are the same as the one before, and then there is nothing to read.
		if (short !== null && pending === null && bytes.equals(short.request)) {
			socket.write(short.answer);
			return;
		}
		const request: Buffer = pending === null ? bytes : Buffer.concat([pending, bytes]);
		const end = endOfRequest(request);
		if (end === request.length) {
			pending = null;
			short = answer(socket, request);
		} else if (end === null && request.length <= LONGEST_REQUEST) pending = request;
		else socket.destroy();
	});
	socket.on("drain", scheduleFlood);
	socket.on("error", () => socket.destroy());
	socket.on("close", () => {
		for (const streams of [paced, unpaced]) for (const stream of streams) if (stream.socket === socket) streams.delete(stream);
	});
});

server.listen(0, "127.0.0.1", 4096, () => {
	const address = server.address();
	const port = address !== null && typeof address === "object" ? address.port : 0;
	process.stdout.write(`${JSON.stringify({ port })}\n`);
});
process.stdin.on("end", () => process.exit()).resume();

/** What was asked and answered, where it was a short request. */
function answer(socket: net.Socket, request: Buffer): ShortRequest | null {
	const text = request.toString("latin1");
	const start = text.slice(0, text.indexOf(" HTTP/1.1\r\n"));
	if (!start.startsWith("POST ") || !STREAMED.test(text)) {
		const whole = WHOLE_ANSWERS.get(start) ?? NOT_FOUND;
		socket.write(whole);
		return { request, answer: whole };
	}
	const dialect = start === "POST /api/chat" ? "ndjson" : "sse";
	socket.write(HEADS[dialect]);
	const stream: Stream = { socket, dialect, tokens: Number(TOKENS.exec(text)?.[1] ?? TOKENS_PER_SECOND), sent: 0 };
	if (text.includes(FLOOD_MODEL)) {
		unpaced.add(stream);
		scheduleFlood();
	} else paced.add(stream);
	return null;
}

function scheduleFlood(): void {
	if (floodScheduled || unpaced.size === 0) return;
	floodScheduled = true;
	setImmediate(flood);
}

/** One burst for each stream that can take one; those that cannot are awaited by their `drain`. */
function flood(): void {
	floodScheduled = false;
	let flowing = false;
	for (const stream of unpaced) {
		if (stream.socket.writableNeedDrain) continue;
		if (!sendSome(stream, FLOOD_BURST)) unpaced.delete(stream);
		flowing = true;
	}
	if (flowing) scheduleFlood();
}

/** False when that was the end. */
function sendSome(stream: Stream, most: number): boolean {
	const { socket, dialect, tokens, sent } = stream;
	if (sent === tokens) {
		socket.write(`${chunk(STREAM_SCRIPTS[dialect].closing(tokens))}0\r\n\r\n`);
		return false;
	}
	const count = Math.min(most, tokens - sent);
	stream.sent += count;
	const { bytes, tokenBytes } = BURSTS[dialect];
	socket.write(bytes.subarray(0, count * tokenBytes));
	return true;
}

/** Where the request ends; null while it has not. Past the end of what is there where more was sent than a request. */
function endOfRequest(request: Buffer): number | null {
	const headEnd = request.indexOf(END_OF_HEAD);
	if (headEnd === -1) return null;
	const length = /\r\ncontent-length: *(\d+)/i.exec(request.toString("latin1", 0, headEnd))?.[1];
	const end = headEnd + END_OF_HEAD.length + Number(length ?? 0);
	return end > request.length ? null : end;
}

function answerHead(contentType: string, framing: string): string {
	return `HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\nDate: Mon, 23 Nov 2026 03:53:56 GMT\r\n${framing}\r\n\r\n`;
}

function streamHead(dialect: StreamDialect): string {
	return answerHead(STREAM_SCRIPTS[dialect].contentType, "Transfer-Encoding: chunked");
}

function burst(dialect: StreamDialect): { readonly bytes: Buffer; readonly tokenBytes: number } {
	const token = Buffer.from(chunk(STREAM_SCRIPTS[dialect].token));
	return { bytes: Buffer.concat(Array.from({ length: FLOOD_BURST }, () => token)), tokenBytes: token.length };
}

function whole(body: string): Buffer {
	return Buffer.from(`${answerHead("application/json; charset=utf-8", `Content-Length: ${Buffer.byteLength(body)}`)}${body}`);
}

function chunk(text: string): string {
	return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
