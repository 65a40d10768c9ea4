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
import { refuse } from "./refuse.ts";

export interface FramingFields {
	readonly kind: "framing";
	/** Null where the field is missing. */
	readonly contentLength: number | null;
	readonly chunked: boolean;
	readonly keepAlive: boolean;
}

const SINGLE_CODING = /^[!#$%&'*+.^`|~0-9a-z-]+$/i;
const LENGTH = /^(?:0|[1-9][0-9]{0,15})$/;

/** Reads the framing fields of a head; `minor` is that of its version. */
export function framingFields(fields: HeaderFields, minor: 0 | 1): FramingFields | Refused {
	let contentLength: string | null = null;
	let coding: string | null = null;
	let close = false;
	let keepAlive = false;
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
		}
	}
	const problem = contradiction(contentLength, coding, minor);
	if (problem !== null) return problem;
	return {
		kind: "framing",
		contentLength: contentLength === null ? null : Number(contentLength),
		chunked: coding !== null,
		keepAlive: !close && (minor === 1 || keepAlive),
	};
}

function contradiction(contentLength: string | null, coding: string | null, minor: 0 | 1): Refused | null {
	if (coding !== null) {
		if (contentLength !== null) return refuse("malformed", "Transfer-Encoding beside Content-Length");
		if (minor === 0) return refuse("malformed", "Transfer-Encoding in HTTP/1.0");
		if (coding.toLowerCase() === "chunked") return null;
		return SINGLE_CODING.test(coding)
			? refuse("transfer-coding-unsupported", "transfer coding other than chunked")
			: refuse("malformed", "Transfer-Encoding that is not one coding");
	}
	if (contentLength === null) return null;
	return LENGTH.test(contentLength) && Number.isSafeInteger(Number(contentLength))
		? null
		: refuse("malformed", "Content-Length that is not a plain number");
}
