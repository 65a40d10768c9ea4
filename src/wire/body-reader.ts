/**
 * The body after a head, as views into what was pushed (RFC 9112 §6.3 and §7.1).
 *
 *  - A chunk is `1*8HEXDIG CRLF data CRLF`. No extension, no white space, no bare LF: RFC 9112 §7.1.1 lets a recipient ignore extensions,
 *    and how far the ignored part reaches is what the "TERM.EXT" family of desyncs turns on.
 *  - The trailer section is empty. A trailer that somebody merges into the head is a field that nobody judged.
 *  - It can stop after any octet. A part is handed out as soon as its octets are here; nothing is collected.
 */
import type { Input } from "./input.ts";
import type { BodyPart, EndPart, Framing, Refused } from "./message.ts";
import { CR, fault, hexValue, LF, SEMICOLON } from "./octets.ts";
import { refuse } from "./refuse.ts";

/** What the next octet belongs to. */
const OVER = 0;
const COUNTED = 1;
const UNTIL_CLOSE = 2;
const SIZE = 3;
const SIZE_LINE_FEED = 4;
const DATA = 5;
const DATA_RETURN = 6;
const DATA_LINE_FEED = 7;
const LAST_RETURN = 8;
const LAST_LINE_FEED = 9;

/** 8 digits hold 4 GiB: far above any chunk that is sent, far below where a double loses integers. */
const MAX_SIZE_DIGITS = 8;

export const END: EndPart = Object.freeze({ kind: "end" });

export class BodyReader {
	#step = OVER;
	/** Octets that are still to come of a counted body or of a chunk; while a chunk's size is read, the size so far. */
	#left = 0;
	#digits = 0;

	begin(framing: Framing): void {
		this.#left = framing.kind === "length" ? framing.bytes : 0;
		this.#digits = 0;
		this.#step = firstStep(framing);
	}

	/** Whether the connection's end is the body's end. */
	get endsWithConnection(): boolean {
		return this.#step === UNTIL_CLOSE || this.#step === OVER;
	}

	/** The next part; undefined where the next one is not here yet. */
	next(input: Input): BodyPart | EndPart | Refused | undefined {
		for (;;) {
			if (this.#step === OVER) return END;
			if (input.size === 0) return undefined;
			switch (this.#step) {
				case UNTIL_CLOSE:
					return { kind: "body", bytes: input.take(input.size) };
				case COUNTED:
				case DATA:
					return this.#counted(input);
				default: {
					const refused = this.#framing(input);
					if (refused !== null) return refused;
				}
			}
		}
	}

	#counted(input: Input): BodyPart {
		const length = Math.min(this.#left, input.size);
		this.#left -= length;
		if (this.#left === 0) this.#step = this.#step === COUNTED ? OVER : DATA_RETURN;
		return { kind: "body", bytes: input.take(length) };
	}

	/** Goes through chunk framing up to the next data, the end, or the end of what is here. */
	#framing(input: Input): Refused | null {
		const { bytes, start, end } = input;
		let at = start;
		let refused: Refused | null = null;
		for (; at < end && refused === null && this.#step !== DATA && this.#step !== OVER; at++) refused = this.#octet(bytes[at] ?? 0);
		input.consume(at - start);
		return refused;
	}

	#octet(octet: number): Refused | null {
		switch (this.#step) {
			case SIZE:
				return this.#size(octet);
			case SIZE_LINE_FEED:
				return this.#expect(octet, LF, this.#left === 0 ? LAST_RETURN : DATA, "bare CR after a chunk size");
			case DATA_RETURN:
				return this.#expect(octet, CR, DATA_LINE_FEED, "chunk data that is longer than its size");
			case DATA_LINE_FEED:
				this.#digits = 0;
				return this.#expect(octet, LF, SIZE, "bare CR after chunk data");
			case LAST_RETURN:
				return this.#expect(octet, CR, LAST_LINE_FEED, octet === LF ? "bare LF after the last chunk" : "trailer section");
			default:
				return this.#expect(octet, LF, OVER, "bare CR after the last chunk");
		}
	}

	#size(octet: number): Refused | null {
		const value = hexValue(octet);
		if (value === -1) {
			if (this.#digits === 0) return refuse("malformed", "chunk without a size");
			return this.#expect(octet, CR, SIZE_LINE_FEED, octet === SEMICOLON ? "chunk extension" : `${fault(octet)} in a chunk size`);
		}
		this.#digits += 1;
		this.#left = 16 * this.#left + value;
		return this.#digits > MAX_SIZE_DIGITS ? refuse("malformed", "chunk size that is too long") : null;
	}

	#expect(octet: number, wanted: number, next: number, otherwise: string): Refused | null {
		if (octet !== wanted) return refuse("malformed", otherwise);
		this.#step = next;
		return null;
	}
}

function firstStep(framing: Framing): number {
	switch (framing.kind) {
		case "none":
			return OVER;
		case "length":
			return framing.bytes === 0 ? OVER : COUNTED;
		case "chunked":
			return SIZE;
		case "close":
			return UNTIL_CLOSE;
	}
}
