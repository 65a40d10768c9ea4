/**
 * The status line (RFC 9112 §4): `HTTP/1.x SP 3DIGIT SP [reason] CRLF`.
 *
 * As strict as the request line, and able to stop after any octet. The reason phrase is read over and forgotten: a client is not to use it.
 */
import { CR, FIELD_VALUE, fault, LF } from "./octets.ts";
import { Pattern } from "./pattern.ts";
import { refuse, type Scan } from "./refuse.ts";

const START = new Pattern("HTTP/d.d ddd ");
const MAJOR_AT = "HTTP/".length;
const MINOR_AT = "HTTP/1.".length;
const STATUS_AT = "HTTP/1.1 ".length;
const ZERO = 0x30;

export class StatusLine {
	/** The next octet to look at, counted from the start of the head. */
	at = 0;
	#version = 0;
	#status = 0;
	#lineFeedNext = false;

	begin(): void {
		this.at = 0;
		this.#version = 0;
		this.#status = 0;
		this.#lineFeedNext = false;
	}

	/** 100 to 599. */
	get status(): number {
		return this.#status;
	}

	get minor(): 0 | 1 {
		return this.#version === 10 ? 0 : 1;
	}

	/** Goes on with the head that begins at `bytes[base]`, up to `end`. */
	scan(bytes: Buffer, base: number, end: number): Scan {
		for (; base + this.at < end && this.at < START.length; this.at++) {
			const octet = bytes[base + this.at] ?? 0;
			if (!START.allows(this.at, octet)) return refuse("malformed", "status line that does not begin with HTTP/1.x and a status");
			if (this.at === MAJOR_AT || this.at === MINOR_AT) this.#version = 10 * this.#version + octet - ZERO;
			else if (this.at >= STATUS_AT && this.at < START.length - 1) this.#status = 10 * this.#status + octet - ZERO;
		}
		return this.#reason(bytes, base, end);
	}

	#reason(bytes: Buffer, base: number, end: number): Scan {
		let at = base + this.at;
		if (!this.#lineFeedNext) {
			while (at < end && FIELD_VALUE[bytes[at] ?? 0] === 1) at++;
			this.at = at - base;
			if (at === end) return "more";
			if (bytes[at] !== CR) return refuse("malformed", `${fault(bytes[at] ?? 0)} in the reason phrase`);
			this.#lineFeedNext = true;
			at += 1;
			this.at += 1;
		}
		if (at === end) return "more";
		if (bytes[at] !== LF) return refuse("malformed", "bare CR in the status line");
		this.at += 1;
		return this.#supported();
	}

	#supported(): Scan {
		if (this.#version !== 10 && this.#version !== 11) return refuse("version-unsupported", "version other than HTTP/1.0 and HTTP/1.1");
		return this.#status >= 100 && this.#status <= 599 ? "done" : refuse("malformed", "status outside 100 to 599");
	}
}
