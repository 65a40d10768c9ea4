/** What the reader makes of bytes, and what the writer makes bytes of. Types only. */
import type { HeaderFields } from "./header-fields.ts";

/** How the end of a body is known (RFC 9112 §6.3). `close` occurs in responses alone. */
export type Framing =
	| { readonly kind: "none" }
	| { readonly kind: "length"; readonly bytes: number }
	| { readonly kind: "chunked" }
	| { readonly kind: "close" };

export interface RequestHead {
	/** As sent; methods are case-sensitive. */
	readonly method: string;
	/** Origin-form, as sent, printable ASCII. */
	readonly target: string;
	/** The target up to `?`. Not decoded: no path that we serve needs an escape, so one that has any is unknown. */
	readonly path: string;
	/** After `?`, or null. */
	readonly query: string | null;
	readonly minor: 0 | 1;
	/** The one Host field, in lower case, port included; "" only for HTTP/1.0 without one. */
	readonly host: string;
	readonly fields: HeaderFields;
	readonly framing: Exclude<Framing, { kind: "close" }>;
	/** Whether the connection may carry another request after this one. */
	readonly keepAlive: boolean;
	readonly expectsContinue: boolean;
}

export interface ResponseHead {
	readonly status: number;
	readonly fields: HeaderFields;
	readonly framing: Framing;
	readonly keepAlive: boolean;
}

/** Limits of one head and of chunk framing, in bytes and fields. */
export interface WireLimits {
	readonly maxHeadBytes: number;
	readonly maxFields: number;
	readonly maxTargetBytes: number;
}

/** Why bytes are not a message that we read. One code per rule; each becomes a reason of receive or a fault of the upstream. */
export type WireProblem =
	| "malformed"
	| "target-too-long"
	| "head-too-large"
	| "version-unsupported"
	| "transfer-coding-unsupported"
	| "expectation-unsupported"
	/** Responses alone: the connection ended before the message did. */
	| "truncated";

export interface Refused {
	readonly kind: "refused";
	readonly problem: WireProblem;
	/** Which rule, for the record: "bare LF in the request line". */
	readonly detail: string;
}

/** `bytes` is a view into what was pushed, not a copy: use it or copy it before the socket's buffer is reused. */
export interface BodyPart {
	readonly kind: "body";
	readonly bytes: Buffer;
}

export interface EndPart {
	readonly kind: "end";
}

export type RequestPart = { readonly kind: "head"; readonly head: RequestHead } | BodyPart | EndPart | Refused;
export type ResponsePart = { readonly kind: "head"; readonly head: ResponseHead } | BodyPart | EndPart | Refused;
