/**
 * The request line (RFC 9112 §3): `METHOD SP target SP HTTP/1.x CRLF`, with exactly these single spaces.
 *
 *  - The target is in origin-form. Absolute-form names a second authority beside Host, `*` and authority-form name nothing that we serve;
 *    CONNECT has no other form, and what follows it is a tunnel to some parsers and a body to others, so it is no method here.
 *  - An empty line before it, white space around it, a lower-case method: refused, though RFC 9112 §2.2 and §3 allow a server to be lenient.
 *  - Like the field section it can stop after any octet; positions count from the first octet of the head.
 */
import type { WireLimits } from "./message.ts";
import { fault, isUpper, QUESTION_MARK, SLASH, SP, TARGET } from "./octets.ts";
import { Pattern } from "./pattern.ts";
import { refuse, type Scan } from "./refuse.ts";

const METHOD = 0;
const TARGET_START = 1;
const TARGET_REST = 2;
const VERSION = 3;

const MAX_METHOD_BYTES = 16;
const VERSION_AND_END = new Pattern("HTTP/d.d\r\n");
const MAJOR_AT = "HTTP/".length;
const MINOR_AT = "HTTP/1.".length;
const ZERO = 0x30;

export class RequestLine {
	readonly #maxTargetBytes: number;
	/** The next octet to look at, counted from the start of the head. */
	at = 0;
	#step = METHOD;
	#methodEnd = 0;
	/** Position of the first `?`, or -1. */
	#queryAt = -1;
	#targetEnd = 0;
	#major = 0;
	#minor = 0;

	constructor(limits: WireLimits) {
		this.#maxTargetBytes = limits.maxTargetBytes;
	}

	begin(): void {
		this.at = 0;
		this.#step = METHOD;
		this.#queryAt = -1;
	}

	/** Goes on with the head that begins at `bytes[base]`, up to `end`. */
	scan(bytes: Buffer, base: number, end: number): Scan {
		while (base + this.at < end) {
			const outcome = this.#go(bytes, base, end);
			if (outcome !== undefined) return outcome;
		}
		return "more";
	}

	method(head: string): string {
		return head.substring(0, this.#methodEnd);
	}

	target(head: string): string {
		return head.substring(this.#methodEnd + 1, this.#targetEnd);
	}

	/** Length of the path in the target, or -1 where the target is all path. */
	get pathLength(): number {
		return this.#queryAt === -1 ? -1 : this.#queryAt - this.#methodEnd - 1;
	}

	get minor(): 0 | 1 {
		return this.#minor === 0 ? 0 : 1;
	}

	#go(bytes: Buffer, base: number, end: number): Scan | undefined {
		switch (this.#step) {
			case METHOD:
				return this.#method(bytes, base, end);
			case TARGET_START:
				if (bytes[base + this.at] !== SLASH) return refuse("malformed", "target that is not in origin-form");
				this.#step = TARGET_REST;
				return undefined;
			case TARGET_REST:
				return this.#target(bytes, base, end);
			default:
				return this.#version(bytes, base, end);
		}
	}

	#method(bytes: Buffer, base: number, end: number): Scan | undefined {
		let at = base + this.at;
		while (at < end && isUpper(bytes[at] ?? 0)) at++;
		this.at = at - base;
		if (this.at > MAX_METHOD_BYTES) return refuse("malformed", "method that is too long");
		if (at === end) return "more";
		if (bytes[at] !== SP) return refuse("malformed", `${fault(bytes[at] ?? 0)} in the method`);
		if (this.at === 0) return refuse("malformed", "empty method");
		if (isConnect(bytes, base, at)) return refuse("malformed", "CONNECT");
		this.#methodEnd = this.at;
		this.at += 1;
		this.#step = TARGET_START;
		return undefined;
	}

	#target(bytes: Buffer, base: number, end: number): Scan | undefined {
		const from = base + this.#methodEnd + 1;
		const limit = Math.min(end, from + this.#maxTargetBytes + 1);
		let at = base + this.at;
		for (; at < limit; at++) {
			const octet = bytes[at] ?? 0;
			if (TARGET[octet] !== 1) break;
			if (octet === QUESTION_MARK && this.#queryAt === -1) this.#queryAt = at - base;
		}
		this.at = at - base;
		if (at - from > this.#maxTargetBytes) return refuse("target-too-long", "target that is too long");
		if (at === end) return "more";
		if (bytes[at] !== SP) return refuse("malformed", `${fault(bytes[at] ?? 0)} in the target`);
		this.#targetEnd = this.at;
		this.at += 1;
		this.#step = VERSION;
		return undefined;
	}

	#version(bytes: Buffer, base: number, end: number): Scan {
		for (let at = base + this.at; at < end; at++) {
			const octet = bytes[at] ?? 0;
			const place = at - base - this.#targetEnd - 1;
			if (!VERSION_AND_END.allows(place, octet)) return refuse("malformed", "request line that does not end in HTTP/1.x CRLF");
			if (place === MAJOR_AT) this.#major = octet - ZERO;
			if (place === MINOR_AT) this.#minor = octet - ZERO;
			this.at += 1;
			if (place === VERSION_AND_END.length - 1) return this.#supported();
		}
		return "more";
	}

	#supported(): Scan {
		return this.#major === 1 && this.#minor <= 1 ? "done" : refuse("version-unsupported", "version other than HTTP/1.0 and HTTP/1.1");
	}
}

function isConnect(bytes: Buffer, from: number, to: number): boolean {
	return to - from === 7 && bytes.toString("latin1", from, to) === "CONNECT";
}
