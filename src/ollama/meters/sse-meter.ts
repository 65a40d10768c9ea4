/**
 * Meters server-sent events: takes a stream apart into events, whatever chunks it comes in, and lets a reader of the dialect look at each.
 *
 * Where the reader may take events out, an unfinished event is held until it is whole; otherwise chunks pass untouched and a copy of the
 * unfinished event is looked at later. An event above the cap passes unread.
 */
import type { JudgedRequest } from "../judged-request.ts";
import { estimatePromptTokens } from "./estimate.ts";
import { hiddenTokensIn } from "./hidden-tokens.ts";
import type { CutNote, Meter, MeterEnd, OutputBound } from "./meter.ts";
import { tokens } from "./reported-usage.ts";
import type { StreamReader } from "./stream-reader.ts";

const NOTHING = Buffer.alloc(0);
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const LONGEST_EVENT = 2 ** 20;

export class SseMeter implements Meter {
	readonly #judged: JudgedRequest;
	readonly #reader: StreamReader;
	/** The unfinished event, in pieces; copies. */
	#pieces: Buffer[] = [];
	#held = 0;
	/** The unfinished event was too long: it passes unread up to its end. */
	#skipping = false;
	/** Whether the last byte seen ended a line, so that a newline now ends the event. */
	#lineEnded = false;
	bounded = false;
	readonly #bound: OutputBound | null;
	/** Counted for the bound alone. */
	#tokens = 0;
	#hidden = 0;
	/** The last: what the closing events are made from. */
	#token: Buffer = NOTHING;
	/** Whether the last event was one: then nothing of the answer has been closed. */
	#isOpen = false;

	constructor(judged: JudgedRequest, reader: StreamReader, bound: OutputBound | null) {
		this.#judged = judged;
		this.#reader = reader;
		this.#bound = bound;
	}

	/** What is held of an event has not passed. */
	get cuttable(): boolean {
		return this.#isOpen && !this.#skipping && (this.#held === 0 || this.#reader.withholds);
	}

	push(bytes: Buffer): Buffer {
		if (this.bounded) return NOTHING;
		const out: Buffer[] = [];
		/** Start of what is relayed as it is, and of the event that is being read. */
		let kept = 0;
		let start = 0;
		let changed = false;
		for (let end = this.#endOfEvent(bytes, 0); end >= 0; end = this.#endOfEvent(bytes, start)) {
			const continued = start === 0 && (this.#held > 0 || this.#skipping);
			const event = continued ? this.#joined(bytes.subarray(0, end)) : bytes.subarray(start, end);
			if (this.#bound !== null && event !== null) this.#ask(this.#bound, event);
			const replaced = event === null ? null : this.#reader.read(event);
			if (this.#reader.withholds) {
				if (continued) {
					// What was held goes out now, or never.
					out.push(replaced ?? event ?? bytes.subarray(0, end));
					kept = end;
					changed = true;
				} else if (replaced !== null) {
					out.push(bytes.subarray(kept, start), replaced);
					kept = end;
					changed = true;
				}
			}
			start = end;
			if (this.bounded) {
				out.push(bytes.subarray(kept, end));
				return Buffer.concat(out);
			}
		}
		if (start < bytes.length) {
			const held = this.#hold(bytes.subarray(start));
			if (this.#reader.withholds) {
				out.push(bytes.subarray(kept, start), held);
				return Buffer.concat(out);
			}
			return bytes;
		}
		if (!changed) return bytes;
		out.push(bytes.subarray(kept));
		return Buffer.concat(out);
	}

	end(complete: boolean): MeterEnd {
		const boundary = this.#held === 0 && !this.#skipping;
		let relay: Buffer = NOTHING;
		if (complete && this.#held > 0) {
			const rest = Buffer.concat(this.#pieces);
			const replaced = this.#reader.read(rest);
			if (this.#reader.withholds) relay = replaced ?? rest;
		}
		// An unfinished event that was held is dropped: nothing of it was sent, so what was sent ends with a whole one.
		this.#pieces = [];
		const { reported, counted, failed } = this.#reader.result();
		const usage = reported ?? tokens(counted.promptTokens ?? estimatePromptTokens(this.#judged), counted.outputTokens, true);
		return { relay, usage, failed, boundary: boundary || (this.#reader.withholds && !complete && !this.#skipping) };
	}

	cut({ elapsedMs: _elapsedMs, ...note }: CutNote): MeterEnd {
		const { counted } = this.#reader.result();
		const usage = tokens(counted.promptTokens ?? estimatePromptTokens(this.#judged), this.#tokens, true);
		const closing = this.#reader.closing(this.#token, { usage, usageAsked: this.#judged.usageAsked, note });
		return { relay: Buffer.from(closing, "utf8"), usage, failed: null, boundary: true };
	}

	#ask(bound: OutputBound, event: Buffer): void {
		this.#isOpen = this.#reader.isToken(event);
		if (!this.#isOpen) return;
		this.#tokens++;
		this.#token = Buffer.from(event);
		this.#hidden += hiddenTokensIn(event);
		if (!bound.passed(this.#tokens, this.#hidden)) this.bounded = true;
	}

	/** Position behind the blank line that ends the event, or -1. Remembers where in a line it stopped. */
	#endOfEvent(bytes: Buffer, from: number): number {
		let at = from;
		while (at < bytes.length) {
			const byte = bytes[at];
			if (this.#lineEnded && byte === NEWLINE) {
				this.#lineEnded = false;
				return at + 1;
			}
			if (this.#lineEnded && byte === RETURN) {
				at++;
				continue;
			}
			const newline = bytes.indexOf(NEWLINE, at);
			if (newline < 0) {
				this.#lineEnded = false;
				return -1;
			}
			this.#lineEnded = true;
			at = newline + 1;
		}
		return -1;
	}

	/** The whole event; null where its beginning was let go. */
	#joined(last: Buffer): Buffer | null {
		const whole = this.#skipping ? null : Buffer.concat([...this.#pieces, last]);
		this.#pieces = [];
		this.#held = 0;
		this.#skipping = false;
		return whole;
	}

	/** Keeps a copy of the unfinished event; returns what of it must pass now because it has become too long. */
	#hold(piece: Buffer): Buffer {
		if (this.#skipping) return piece;
		this.#pieces.push(Buffer.from(piece));
		this.#held += piece.length;
		if (this.#held <= LONGEST_EVENT) return NOTHING;
		const passed = Buffer.concat(this.#pieces);
		this.#pieces = [];
		this.#held = 0;
		this.#skipping = true;
		return passed;
	}
}
