/**
 * A scripted Ollama on raw sockets, as cheap as one can be: a process of its own beside the load generator.
 *
 *  - Short requests are answered at once with bytes made beforehand; streams get one token each at every tick of one timer shared by all of them.
 *  - It reads only what the proxies under test send: requests framed by a length, one at a time on a connection. All else closes the connection,
 *    which the load generator counts as an error.
 *  - Prints one line of JSON with its port, and ends when its standard input does, so that it never outlives whoever started it.
 */
import { Buffer } from "node:buffer";
import net from "node:net";

import { CHAT_ANSWER, LOADED_LIST, lastLine, MODEL_LIST, TOKEN_LINE, TOKENS_PER_SECOND, VERSION_ANSWER } from "./scripted.ts";

const LONGEST_REQUEST = 64 * 1024;
const END_OF_HEAD = Buffer.from("\r\n\r\n");
const STREAM_HEAD = answerHead("application/x-ndjson", "Transfer-Encoding: chunked");
const TOKEN = Buffer.from(chunk(TOKEN_LINE));
const CHAT = whole(CHAT_ANSWER);
const WHOLE_ANSWERS: ReadonlyMap<string, Buffer> = new Map([
	["GET /api/tags", whole(MODEL_LIST)],
	["GET /api/ps", whole(LOADED_LIST)],
	["GET /api/version", whole(VERSION_ANSWER)],
	["GET /", whole("Ollama is running")],
]);

interface Stream {
	readonly socket: net.Socket;
	readonly tokens: number;
	sent: number;
}

const streams = new Set<Stream>();

setInterval(() => {
	for (const stream of streams) {
		if (stream.sent < stream.tokens) {
			stream.sent += 1;
			stream.socket.write(TOKEN);
		} else {
			streams.delete(stream);
			stream.socket.write(`${chunk(lastLine(stream.tokens))}0\r\n\r\n`);
		}
	}
}, 1000 / TOKENS_PER_SECOND);

const server = net.createServer({ noDelay: true }, (socket) => {
	let pending: Buffer | null = null;
	socket.on("data", (bytes: Buffer) => {
		const request: Buffer = pending === null ? bytes : Buffer.concat([pending, bytes]);
		const end = endOfRequest(request);
		if (end === request.length) {
			pending = null;
			answer(socket, request);
		} else if (end === null && request.length <= LONGEST_REQUEST) pending = request;
		else socket.destroy();
	});
	socket.on("error", () => socket.destroy());
	socket.on("close", () => {
		for (const stream of streams) if (stream.socket === socket) streams.delete(stream);
	});
});

server.listen(0, "127.0.0.1", 4096, () => {
	const address = server.address();
	const port = address !== null && typeof address === "object" ? address.port : 0;
	process.stdout.write(`${JSON.stringify({ port })}\n`);
});
process.stdin.on("end", () => process.exit()).resume();

function answer(socket: net.Socket, request: Buffer): void {
	const text = request.toString("latin1");
	const start = text.slice(0, text.indexOf(" HTTP/1.1\r\n"));
	if (start !== "POST /api/chat") {
		socket.write(WHOLE_ANSWERS.get(start) ?? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
		return;
	}
	if (text.includes('"stream":false')) {
		socket.write(CHAT);
		return;
	}
	const tokens = Number(/"num_predict":(\d+)/.exec(text)?.[1] ?? TOKENS_PER_SECOND);
	socket.write(STREAM_HEAD);
	streams.add({ socket, tokens, sent: 0 });
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

function whole(body: string): Buffer {
	return Buffer.from(`${answerHead("application/json; charset=utf-8", `Content-Length: ${Buffer.byteLength(body)}`)}${body}`);
}

function chunk(text: string): string {
	return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
