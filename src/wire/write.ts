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
const HEX = Buffer.from("0123456789abcdef", "latin1");
const MAX_CHUNK_BYTES = 0xffff_ffff;
export const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
/** After the last chunk's data (whose own CRLF `chunk` wrote): ends a chunked body without trailers. */
export const LAST_CHUNK: Buffer = Buffer.from("0\r\n\r\n", "latin1");
/** What follows a chunk's data where it is written after `chunkHead` instead of by `chunk`. */
export const CHUNK_END: Buffer = Buffer.from(CRLF, "latin1");

/** The head of a request to the upstream. `fields` hold exactly one Host; the body is framed as `framing` says. */
export function requestHead(method: string, target: string, fields: Iterable<Field>, framing: Exclude<Framing, { kind: "close" }>): string {
	invariant(METHOD.test(method), "a method is upper-case letters");
	invariant(isTarget(target), "a target is in origin-form");
	let hosts = 0;
	let head = `${method} ${target} HTTP/1.1\r\n`;
	for (const [name, value] of fields) {
		if (name === "host") hosts += 1;
		head += fieldLine(name, value);
	}
	invariant(hosts === 1, "a request names one host");
	return head + framingLine(framing) + CRLF;
}

/**
 * The head of an answer to the caller. `keepAlive` false closes the connection; a body framed by `close` always does.
 *
 * Connection is always written: HTTP/1.1 assumes keep-alive, HTTP/1.0 assumes close, and one form serves both.
 */
export function responseHead(status: number, fields: Iterable<Field>, framing: Framing, keepAlive: boolean): string {
	invariant(Number.isInteger(status) && status >= 200 && status <= 599, "a final status is 200 to 599");
	invariant(framing.kind !== "close" || !keepAlive, "a body that the connection ends cannot keep it alive");
	invariant(framing.kind === "none" || status !== 204, "a 204 has no body");
	let head = `HTTP/1.1 ${status} ${PHRASES.get(status) ?? ""}\r\n`;
	for (const [name, value] of fields) head += fieldLine(name, value);
	return `${head}${framingLine(framing)}connection: ${keepAlive ? "keep-alive" : "close"}\r\n\r\n`;
}

/** One chunk of a chunked body, in one allocation; `bytes` are copied. An empty chunk would end the body, so it is a bug. */
export function chunk(bytes: Buffer): Buffer {
	const { length } = bytes;
	invariant(length > 0, "a chunk is not empty");
	const digits = hexDigits(length);
	const framed = Buffer.allocUnsafe(digits + 2 + length + 2);
	let rest = length;
	for (let at = digits - 1; at >= 0; at--) {
		framed[at] = HEX[rest & 15] ?? 0;
		rest >>>= 4;
	}
	framed[digits] = 0x0d;
	framed[digits + 1] = 0x0a;
	framed.set(bytes, digits + 2);
	framed[digits + 2 + length] = 0x0d;
	framed[digits + 3 + length] = 0x0a;
	return framed;
}

/** The line before a chunk's data, where the data itself is written as it is; `CHUNK_END` follows the data. */
export function chunkHead(length: number): string {
	invariant(Number.isSafeInteger(length) && length > 0 && length <= MAX_CHUNK_BYTES, "a chunk is 1 octet to 4 GiB");
	return `${length.toString(16)}\r\n`;
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

function fieldLine(name: string, value: string): string {
	invariant(isLowerToken(name), "a field name is a token in lower case");
	invariant(!OURS.has(name), "framing fields are written here alone");
	invariant(isFieldValue(value), "a field value has no control character");
	return `${name}: ${value}\r\n`;
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

function isFieldValue(text: string): boolean {
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
