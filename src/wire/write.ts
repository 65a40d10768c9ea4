/**
 * Heads and chunks as octets, in one canonical form: what we say never depends on how somebody else said it.
 *
 *  - Single spaces, CRLF, names in lower case, fields in the order given, then our own framing, then (in answers) Connection.
 *  - Nothing can split a message: a name that is no token, a value with CR, LF, NUL or any octet that the reader would refuse, a framing
 *    field given by hand is a bug, and a bug is an assertion that ends the exchange before an octet is out.
 *  - Heads are strings of ASCII, to be written as "latin1"; so a short head and its body can leave in one write.
 */
import { invariant } from "../std/invariant.ts";
import type { Framing } from "./message.ts";
import { FIELD_VALUE, TARGET, TOKEN_LOWER } from "./octets.ts";

export type Field = readonly [name: string, value: string];

/** The phrase is for people; RFC 9112 §4 lets it be empty where we know none. */
const PHRASES: ReadonlyMap<number, string> = new Map([
	[200, "OK"],
	[201, "Created"],
	[202, "Accepted"],
	[204, "No Content"],
	[206, "Partial Content"],
	[301, "Moved Permanently"],
	[302, "Found"],
	[304, "Not Modified"],
	[307, "Temporary Redirect"],
	[308, "Permanent Redirect"],
	[400, "Bad Request"],
	[401, "Unauthorized"],
	[403, "Forbidden"],
	[404, "Not Found"],
	[405, "Method Not Allowed"],
	[408, "Request Timeout"],
	[413, "Content Too Large"],
	[414, "URI Too Long"],
	[415, "Unsupported Media Type"],
	[417, "Expectation Failed"],
	[421, "Misdirected Request"],
	[429, "Too Many Requests"],
	[431, "Request Header Fields Too Large"],
	[500, "Internal Server Error"],
	[501, "Not Implemented"],
	[502, "Bad Gateway"],
	[503, "Service Unavailable"],
	[504, "Gateway Timeout"],
	[505, "HTTP Version Not Supported"],
]);

const OURS: ReadonlySet<string> = new Set(["connection", "content-length", "transfer-encoding"]);

const METHOD = /^[A-Z]{1,16}$/;
const CRLF = "\r\n";
const KEEP_ALIVE_AND_END = "connection: keep-alive\r\n\r\n";
const CLOSE_AND_END = "connection: close\r\n\r\n";
const HEX = Buffer.from("0123456789abcdef", "latin1");
const MAX_CHUNK_BYTES = 0xffff_ffff;
export const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
/** After the last chunk's data (whose own CRLF `chunk` wrote): ends a chunked body without trailers. */
export const LAST_CHUNK: Buffer = Buffer.from("0\r\n\r\n", "latin1");

/** The head of a request to the upstream. `fields` hold exactly one Host; the body is framed as `framing` says. */
export function requestHead(
	method: string,
	target: string,
	fields: readonly Field[],
	framing: Exclude<Framing, { kind: "close" }>,
): string {
	let hosts = 0;
	let head = requestLine(method, target);
	for (const field of fields) {
		if (field[0] === "host") hosts += 1;
		head += fieldLine(field[0], field[1]);
	}
	invariant(hosts === 1, "a request names one host");
	return head + framingLine(framing) + CRLF;
}

/**
 * The head of an answer to the caller. `keepAlive` false closes the connection; a body framed by `close` always does.
 *
 * Connection is always written: HTTP/1.1 assumes keep-alive, HTTP/1.0 assumes close, and one form serves both.
 */
export function responseHead(status: number, fields: readonly Field[], framing: Framing, keepAlive: boolean): string {
	invariant(Number.isInteger(status) && status >= 200 && status <= 599, "a final status is 200 to 599");
	invariant(framing.kind !== "close" || !keepAlive, "a body that the connection ends cannot keep it alive");
	invariant(framing.kind === "none" || status !== 204, "a 204 has no body");
	let head = `HTTP/1.1 ${status} ${PHRASES.get(status) ?? ""}\r\n`;
	for (const field of fields) head += fieldLine(field[0], field[1]);
	return head + framingLine(framing) + (keepAlive ? KEEP_ALIVE_AND_END : CLOSE_AND_END);
}

/** One chunk of a chunked body, in one allocation; `bytes` are copied. An empty chunk would end the body, so it is a bug. */
export function chunk(bytes: Buffer): Buffer {
	const framed = Buffer.allocUnsafe(chunkOverhead(bytes.length) + bytes.length);
	const at = writeChunkStart(framed, 0, bytes.length);
	framed.set(bytes, at);
	writeChunkEnd(framed, at + bytes.length);
	return framed;
}

/** Octets that framing adds to a chunk with `length` octets of data. */
export function chunkOverhead(length: number): number {
	return hexDigits(length) + 4;
}

/** Writes the line before a chunk's data at `at`; returns where the data begins. */
export function writeChunkStart(into: Buffer, at: number, length: number): number {
	invariant(Number.isSafeInteger(length) && length > 0 && length <= MAX_CHUNK_BYTES, "a chunk is 1 octet to 4 GiB");
	const digits = hexDigits(length);
	let rest = length;
	for (let digit = at + digits - 1; digit >= at; digit--) {
		into[digit] = HEX[rest & 15] ?? 0;
		rest >>>= 4;
	}
	into[at + digits] = 0x0d;
	into[at + digits + 1] = 0x0a;
	return at + digits + 2;
}

/** Writes what follows a chunk's data; returns where the next octet goes. */
export function writeChunkEnd(into: Buffer, at: number): number {
	into[at] = 0x0d;
	into[at + 1] = 0x0a;
	return at + 2;
}

function hexDigits(length: number): number {
	let digits = 1;
	for (let rest = length >>> 4; rest !== 0; rest >>>= 4) digits++;
	return digits;
}

function framingLine(framing: Framing): string {
	switch (framing.kind) {
		case "length":
			invariant(Number.isSafeInteger(framing.bytes) && framing.bytes >= 0, "a length is a whole number");
			return `content-length: ${framing.bytes}\r\n`;
		case "chunked":
			return "transfer-encoding: chunked\r\n";
		case "none":
		case "close":
			return "";
	}
}

/** A line that was checked and written for the last message that had this field. Most fields say the same again and again. */
interface Written {
	value: string;
	line: string;
}

/** Far more names than this program writes. */
const MOST_WRITTEN = 256;
const written = new Map<string, Written>();

function fieldLine(name: string, value: string): string {
	const last = written.get(name);
	if (last?.value === value) return last.line;
	if (last === undefined) {
		invariant(isLowerToken(name), "a field name is a token in lower case");
		invariant(!OURS.has(name), "framing fields are written here alone");
	}
	invariant(isFieldValue(value), "a field value has no control character");
	const line = `${name}: ${value}\r\n`;
	if (last !== undefined) {
		last.value = value;
		last.line = line;
	} else if (written.size < MOST_WRITTEN) {
		written.set(name, { value, line });
	}
	return line;
}

/** The request line that was checked last for each target without a parameter of the caller's; `target` is short there. */
const requestLines = new Map<string, string>();
const MOST_REQUEST_LINES = 512;

function requestLine(method: string, target: string): string {
	const key = `${method} ${target}`;
	const known = requestLines.get(key);
	if (known !== undefined) return known;
	invariant(METHOD.test(method), "a method is upper-case letters");
	invariant(isTarget(target), "a target is in origin-form");
	const line = `${key} HTTP/1.1\r\n`;
	if (requestLines.size < MOST_REQUEST_LINES && key.length < MOST_WRITTEN) requestLines.set(key, line);
	return line;
}

// One loop for each class, not one for all with the class as an argument: these run over every octet of every head that is written.
// A code unit above 0xff is in no table, so it is in no class.

function isLowerToken(text: string): boolean {
	for (let at = 0; at < text.length; at++) {
		const octet = text.charCodeAt(at);
		if (TOKEN_LOWER[octet] !== octet) return false;
	}
	return text !== "";
}

/** For what is longer than most: reading it with a pattern costs a third, beginning to a little more. The same class as FIELD_VALUE. */
const LONG_VALUE = /^[\t -~]*$/;
const LONG_CHARACTERS = 64;

function isFieldValue(text: string): boolean {
	if (text.length > LONG_CHARACTERS) return LONG_VALUE.test(text);
	for (let at = 0; at < text.length; at++) {
		if (FIELD_VALUE[text.charCodeAt(at)] !== 1) return false;
	}
	return true;
}

function isTarget(text: string): boolean {
	for (let at = 0; at < text.length; at++) {
		if (TARGET[text.charCodeAt(at)] !== 1) return false;
	}
	return text.startsWith("/");
}
