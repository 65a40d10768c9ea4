/**
 * The field lines of a head and the empty line after them (RFC 9112 §5), one octet after the other.
 *
 *  - `name:value CRLF` and nothing else: no white space before the colon (RFC 9112 §5.1), no folded lines (§5.2), no bare CR or LF (§2.2),
 *    no control character but HTAB in a value. Each is a way in which two parsers have read one head differently.
 *  - It can stop after any octet and go on later: all state is here, positions count from the first octet of the head, so the head may
 *    move to another buffer meanwhile. No octet is looked at twice, however the head is cut into packets.
 *  - Values become slices of one string per head. Whoever keeps one of them keeps that string, at most `maxHeadBytes` long.
 */
import { fieldName, hashStep } from "./field-name.ts";
import { HeaderFields } from "./header-fields.ts";
import { COLON, CR, FIELD_VALUE, fault, HTAB, LF, SP, TOKEN_LOWER, UNDERSCORE } from "./octets.ts";
import { refuse, type Scan } from "./refuse.ts";

/** What the next octet belongs to. */
const LINE = 0;
const NAME = 1;
const BLANK = 2;
const VALUE = 3;
const LINE_FEED = 4;
const LAST_LINE_FEED = 5;

/**
 * White space around a value is not part of it (RFC 9110 §5.5), and yet parsers differ on it where it frames: llhttp takes `chunked` with a
 * tab behind it for another coding. Honest senders write one space before and none behind.
 */
const FRAMING: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

export class FieldSection {
	readonly #maxFields: number;
	/** The next octet to look at, counted from the start of the head. */
	at = 0;
	#step = LINE;
	/** Where the name or value being read begins, and the hash of the name so far. */
	#from = 0;
	#hash = 0;
	/** Where the last colon is. */
	#colon = 0;
	#names: string[] = [];
	/** Start and end of each value, in turn. Kept from head to head; `#names.length` says how much of it is valid. */
	readonly #marks: number[] = [];

	constructor(maxFields: number) {
		this.#maxFields = maxFields;
	}

	/** Begins a section whose first octet is the head's octet number `at`. */
	begin(at: number): void {
		this.at = at;
		this.#step = LINE;
		this.#names = [];
	}

	/** Goes on with the head that begins at `bytes[base]`, up to `end`. */
	scan(bytes: Buffer, base: number, end: number): Scan {
		while (base + this.at < end) {
			const outcome = this.#go(bytes, base, end);
			if (outcome !== undefined) return outcome;
		}
		return "more";
	}

	/** What was read; `head` is the text of the head from its first octet. */
	fields(head: string): HeaderFields {
		const values: string[] = [];
		for (let at = 0; at < this.#names.length; at++) values.push(head.substring(this.#marks[2 * at] ?? 0, this.#marks[2 * at + 1] ?? 0));
		return new HeaderFields(this.#names, values);
	}

	/** One step; there is at least one octet to look at. */
	#go(bytes: Buffer, base: number, end: number): Scan | undefined {
		switch (this.#step) {
			case LINE:
				return this.#line(bytes[base + this.at] ?? 0);
			case NAME:
				return this.#name(bytes, base, end);
			case BLANK:
				return this.#blank(bytes, base, end);
			case VALUE:
				return this.#value(bytes, base, end);
			default:
				return this.#lineFeed(bytes[base + this.at] ?? 0);
		}
	}

	#line(octet: number): Scan | undefined {
		if (octet === CR) {
			this.at += 1;
			this.#step = LAST_LINE_FEED;
			return undefined;
		}
		if (octet === SP || octet === HTAB) return refuse("malformed", "field line that begins with white space");
		if (this.#names.length === this.#maxFields) return refuse("head-too-large", "too many fields");
		this.#from = this.at;
		this.#hash = 0;
		this.#step = NAME;
		return undefined;
	}

	#name(bytes: Buffer, base: number, end: number): Scan | undefined {
		let at = base + this.at;
		let hash = this.#hash;
		for (; at < end; at++) {
			const lower = TOKEN_LOWER[bytes[at] ?? 0] ?? 0;
			if (lower === 0) break;
			hash = hashStep(hash, lower);
		}
		this.at = at - base;
		this.#hash = hash;
		if (at === end) return "more";
		const octet = bytes[at] ?? 0;
		if (octet !== COLON)
			return refuse("malformed", octet === UNDERSCORE ? "underscore in a field name" : `${fault(octet)} in a field name`);
		if (this.at === this.#from) return refuse("malformed", "empty field name");
		this.#names.push(fieldName(bytes, base + this.#from, at, hash));
		this.#colon = this.at;
		this.at += 1;
		this.#step = BLANK;
		return this.#blank(bytes, base, end);
	}

	#blank(bytes: Buffer, base: number, end: number): Scan | undefined {
		let at = base + this.at;
		while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
		this.at = at - base;
		if (at === end) return "more";
		this.#from = this.at;
		this.#step = VALUE;
		return this.#value(bytes, base, end);
	}

	#value(bytes: Buffer, base: number, end: number): Scan | undefined {
		let at = base + this.at;
		while (at < end && FIELD_VALUE[bytes[at] ?? 0] === 1) at++;
		this.at = at - base;
		if (at === end) return "more";
		if (bytes[at] !== CR) return refuse("malformed", `${fault(bytes[at] ?? 0)} in a field value`);
		let last = at;
		while (last > base + this.#from && (bytes[last - 1] === SP || bytes[last - 1] === HTAB)) last--;
		const field = this.#names.length - 1;
		if ((last < at || this.#isPadded(bytes, base)) && FRAMING.has(this.#names[field] ?? "")) {
			return refuse("malformed", "white space around a framing field's value");
		}
		this.#marks[2 * field] = this.#from;
		this.#marks[2 * field + 1] = last - base;
		this.at += 1;
		this.#step = LINE_FEED;
		return undefined;
	}

	/** Whether anything but at most one space stands between the colon and the value. */
	#isPadded(bytes: Buffer, base: number): boolean {
		const blanks = this.#from - this.#colon - 1;
		return blanks > 1 || (blanks === 1 && bytes[base + this.#colon + 1] !== SP);
	}

	#lineFeed(octet: number): Scan | undefined {
		if (octet !== LF) return refuse("malformed", "bare CR in the field section");
		this.at += 1;
		if (this.#step === LAST_LINE_FEED) return "done";
		this.#step = LINE;
		return undefined;
	}
}
