/**
 * The fields that say where a message ends and whether another may follow (RFC 9112 §6 and §9.3), read the same for both directions.
 *
 *  - At most one Content-Length, plain digits, no leading zero, no list: RFC 9110 §8.6 would let equal ones pass, and the pair of parsers
 *    that differs on `5, 5` or `005` is the classic desync.
 *  - At most one Transfer-Encoding, exactly `chunked`, not in HTTP/1.0 (RFC 9112 §6.1), and never beside Content-Length, where the RFC lets
 *    the former win.
 */
import { connectionOption } from "./connection-options.ts";
import type { HeaderFields } from "./header-fields.ts";
import type { Refused } from "./message.ts";
import { isDigit } from "./octets.ts";
import { refuse } from "./refuse.ts";

export interface FramingFields {
	readonly kind: "framing";
	/** Null where the field is missing. */
	readonly contentLength: number | null;
	readonly chunked: boolean;
	readonly keepAlive: boolean;
	/** Whether Connection offers to switch protocols. */
	readonly upgrade: boolean;
}

const SINGLE_CODING = /^[!#$%&'*+.^`|~0-9a-z-]+$/i;
/** As many as 2^53 has. */
const MAX_LENGTH_DIGITS = 16;
const ZERO = 0x30;

/** Reads the framing fields of a head; `minor` is that of its version. */
export function framingFields(fields: HeaderFields, minor: 0 | 1): FramingFields | Refused {
	let contentLength: string | null = null;
	let coding: string | null = null;
	let close = false;
	let keepAlive = false;
	let upgrade = false;
	for (let at = 0; at < fields.size; at++) {
		const name = fields.nameAt(at);
		if (name === "content-length") {
			if (contentLength !== null) return refuse("malformed", "more than one Content-Length");
			contentLength = fields.valueAt(at);
		} else if (name === "transfer-encoding") {
			if (coding !== null) return refuse("malformed", "more than one Transfer-Encoding");
			coding = fields.valueAt(at);
		} else if (name === "connection") {
			const option = connectionOption(fields.valueAt(at));
			if (option === undefined) return refuse("malformed", "Connection that is not a list of tokens");
			if (option === "close") close = true;
			if (option === "keep-alive") keepAlive = true;
			if (option === "upgrade") upgrade = true;
		}
	}
	if (coding !== null) {
		const problem = codingProblem(coding, contentLength, minor);
		if (problem !== null) return problem;
	}
	const bytes = contentLength === null ? null : lengthOf(contentLength);
	if (bytes === undefined) return refuse("malformed", "Content-Length that is not a plain number");
	return { kind: "framing", contentLength: bytes, chunked: coding !== null, keepAlive: !close && (minor === 1 || keepAlive), upgrade };
}

function codingProblem(coding: string, contentLength: string | null, minor: 0 | 1): Refused | null {
	if (contentLength !== null) return refuse("malformed", "Transfer-Encoding beside Content-Length");
	if (minor === 0) return refuse("malformed", "Transfer-Encoding in HTTP/1.0");
	if (coding.toLowerCase() === "chunked") return null;
	return SINGLE_CODING.test(coding)
		? refuse("transfer-coding-unsupported", "transfer coding other than chunked")
		: refuse("malformed", "Transfer-Encoding that is not one coding");
}

/** `1*DIGIT` without a leading zero, as far as a double counts; undefined for anything else. */
function lengthOf(text: string): number | undefined {
	if (text === "" || text.length > MAX_LENGTH_DIGITS) return undefined;
	let bytes = 0;
	for (let at = 0; at < text.length; at++) {
		const octet = text.charCodeAt(at);
		if (!isDigit(octet)) return undefined;
		bytes = 10 * bytes + (octet - ZERO);
	}
	const leadingZero = text.length > 1 && text.charCodeAt(0) === ZERO;
	return leadingZero || !Number.isSafeInteger(bytes) ? undefined : bytes;
}
