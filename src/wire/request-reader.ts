/**
 * Requests out of the octets of one connection: a pure state machine, the first thing that a stranger's bytes meet.
 *
 *  - `push` what arrived, then call `next` until it says undefined. Per request: one head, its body in parts, one end. Stop calling after an
 *    end and the pipelined rest stays here, unread, until the answer is out.
 *  - Refusal is final. After it the reader holds nothing, takes nothing and says the same again; nothing after an anomaly is a request.
 *  - The parts do not depend on how the octets were cut into chunks (body parts joined). It never throws, whatever is pushed.
 *  - A head that arrives whole is read where it lies, each octet once. Memory: at most twice what was pushed and not taken. A head is refused
 *    before it outgrows `maxHeadBytes`; of a body and of pipelined requests `buffered` says when to stop reading the socket.
 *  - Strict where RFC 9112 permits leniency, because leniency is where two parsers come apart; each rule stands beside its code, in the
 *    request line, the field section, the framing fields, the authority and the body reader.
 */
import { isAuthority } from "./authority.ts";
import { BodyReader } from "./body-reader.ts";
import { FieldSection } from "./field-section.ts";
import { type FramingFields, framingFields } from "./framing.ts";
import type { HeaderFields } from "./header-fields.ts";
import { Input } from "./input.ts";
import type { Refused, RequestHead, RequestPart, WireLimits } from "./message.ts";
import { refuse, type Scan } from "./refuse.ts";
import { RequestLine } from "./request-line.ts";

type Phase = "request-line" | "fields" | "body" | "closed";

export class RequestReader {
	readonly #maxHeadBytes: number;
	readonly #input = new Input();
	readonly #line: RequestLine;
	readonly #fields: FieldSection;
	readonly #body = new BodyReader();
	#phase: Phase = "request-line";
	#keepAlive = true;
	#refused: Refused | undefined;

	constructor(limits: WireLimits) {
		this.#maxHeadBytes = limits.maxHeadBytes;
		this.#line = new RequestLine(limits);
		this.#fields = new FieldSection(limits.maxFields);
	}

	/** Octets pushed and not yet handed out. */
	get buffered(): number {
		return this.#input.size;
	}

	/** `chunk` is kept, not copied, and must stay as it is until `buffered` is 0 again. */
	push(chunk: Buffer): void {
		if (this.#refused === undefined) this.#input.push(chunk);
	}

	next(): RequestPart | undefined {
		if (this.#refused !== undefined) return this.#refused;
		const part = this.#next();
		if (part?.kind === "refused") {
			this.#refused = part;
			this.#input.clear();
		}
		return part;
	}

	#next(): RequestPart | undefined {
		if (this.#phase === "body") {
			const part = this.#body.next(this.#input);
			if (part?.kind === "end") this.#begin();
			return part;
		}
		if (this.#input.size === 0) return undefined;
		// RFC 9112 §9.6: what follows a request that closes the connection is not to be processed.
		if (this.#phase === "closed") return refuse("malformed", "octets after the last request of the connection");
		return this.#head();
	}

	#begin(): void {
		this.#phase = this.#keepAlive ? "request-line" : "closed";
		this.#line.begin();
	}

	#head(): RequestPart | undefined {
		const { bytes, start, size } = this.#input;
		const outcome = this.#scan(bytes, start, start + Math.min(size, this.#maxHeadBytes));
		if (outcome === "more") return size < this.#maxHeadBytes ? undefined : refuse("head-too-large", "head that is too large");
		if (outcome !== "done") return outcome;

		const text = bytes.toString("latin1", start, start + this.#fields.at);
		this.#input.consume(this.#fields.at);
		const head = requestHead(this.#line, this.#fields.fields(text), text);
		if (head.kind === "refused") return head;
		this.#keepAlive = head.head.keepAlive;
		this.#body.begin(head.head.framing);
		this.#phase = "body";
		return head;
	}

	#scan(bytes: Buffer, start: number, end: number): Scan {
		if (this.#phase === "request-line") {
			const outcome = this.#line.scan(bytes, start, end);
			if (outcome !== "done") return outcome;
			this.#fields.begin(this.#line.at);
			this.#phase = "fields";
		}
		return this.#fields.scan(bytes, start, end);
	}
}

function requestHead(
	line: RequestLine,
	fields: HeaderFields,
	text: string,
): { readonly kind: "head"; readonly head: RequestHead } | Refused {
	const { minor, pathLength } = line;
	const framing = framingFields(fields, minor);
	if (framing.kind === "refused") return framing;
	const semantics = requestFields(fields, minor);
	if (semantics.kind === "refused") return semantics;

	const target = line.target(text);
	// An offer to switch is not taken up, but a sender that reckons with a yes goes on in the other protocol. llhttp reads nothing more on such a
	// connection; if we did, what one takes for data would be a request to the other.
	const keepAlive = framing.keepAlive && !framing.upgrade;
	const head: RequestHead = {
		method: line.method(text),
		target,
		path: pathLength === -1 ? target : target.substring(0, pathLength),
		query: pathLength === -1 ? null : target.substring(pathLength + 1),
		minor,
		host: semantics.host,
		fields,
		framing: requestFraming(framing),
		keepAlive,
		// RFC 9110 §10.1.1: without a body or in HTTP/1.0 there is nobody who waits for it.
		expectsContinue: semantics.expects && minor === 1 && (framing.chunked || (framing.contentLength ?? 0) > 0),
	};
	return { kind: "head", head };
}

/** RFC 9112 §6.3: a request without either field has no body; the connection's end is never a request's. */
function requestFraming({ chunked, contentLength }: FramingFields): RequestHead["framing"] {
	if (chunked) return { kind: "chunked" };
	return contentLength === null ? { kind: "none" } : { kind: "length", bytes: contentLength };
}

/** Host and Expect, the two fields besides framing that decide whether a request can be read at all. */
function requestFields(
	fields: HeaderFields,
	minor: 0 | 1,
): { readonly kind: "fields"; readonly host: string; readonly expects: boolean } | Refused {
	let host: string | null = null;
	let expects = false;
	for (let at = 0; at < fields.size; at++) {
		const name = fields.nameAt(at);
		if (name === "host") {
			if (host !== null) return refuse("malformed", "more than one Host");
			host = fields.valueAt(at).toLowerCase();
			if (!isAuthority(host)) return refuse("malformed", "Host that is not one host and port");
		} else if (name === "expect") {
			if (expects || fields.valueAt(at).toLowerCase() !== "100-continue") {
				return refuse("expectation-unsupported", "expectation other than 100-continue");
			}
			expects = true;
		}
	}
	if (host === null && minor === 1) return refuse("malformed", "no Host");
	return { kind: "fields", host: host ?? "", expects };
}
