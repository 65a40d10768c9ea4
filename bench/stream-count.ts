/**
 * Counts the tokens of streams as they come, and judges each stream at its end.
 *
 *  - Tokens are counted by their line feeds, in whatever pieces they come: nothing is kept, copied or parsed on the way.
 *  - From a proxy that passes streams as they are, as many bytes and lines as were sent are expected, and the closing to the
 *    letter; from one that writes them anew, about as many events and the last word.
 */
import type { Buffer } from "node:buffer";

import type { StreamScript } from "./scripted.ts";

const LINE_FEED = 0x0a;
/** Events that a proxy may put beside the tokens, such as one with the role alone, or leave out. */
const LOOSE_EVENTS = 4;

export class StreamCount {
	readonly #script: StreamScript;
	readonly #tokens: number;
	readonly #rewritten: boolean;
	readonly #closing: string;
	readonly #expectedLines: number;
	readonly #expectedBytes: number;
	#lines = 0;
	#counted = 0;
	#bytes = 0;
	#end = "";
	begun = false;

	/** `tokens` is what each stream was asked for. */
	constructor(script: StreamScript, tokens: number, rewritten: boolean) {
		this.#script = script;
		this.#tokens = tokens;
		this.#rewritten = rewritten;
		this.#closing = script.closing(tokens);
		this.#expectedLines = tokens * script.linesPerToken + lineFeedsIn(this.#closing);
		this.#expectedBytes = tokens * script.token.length + this.#closing.length;
	}

	/** How many tokens became whole by these bytes. The closing counts as none. */
	take(bytes: Buffer): number {
		this.begun = true;
		this.#bytes += bytes.length;
		for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) this.#lines += 1;
		const whole = Math.min(this.#tokens, Math.floor(this.#lines / this.#script.linesPerToken));
		const fresh = whole - this.#counted;
		this.#counted = whole;
		if (whole + LOOSE_EVENTS >= this.#tokens) this.#end = (this.#end + bytes.toString("latin1")).slice(-this.#closing.length);
		return fresh;
	}

	/** Throws where the stream that ends here was not the right one; the next one begins. */
	end(): void {
		const [lines, bytes, end] = [this.#lines, this.#bytes, this.#end];
		[this.#lines, this.#counted, this.#bytes, this.#end] = [0, 0, 0, ""];
		const loose = this.#rewritten ? LOOSE_EVENTS * this.#script.linesPerToken : 0;
		const right = this.#rewritten ? end.endsWith(this.#script.lastWord) : bytes === this.#expectedBytes && end === this.#closing;
		if (right && Math.abs(lines - this.#expectedLines) <= loose) return;
		const asked = `${this.#tokens} tokens, ${this.#expectedLines} lines, ${this.#expectedBytes} bytes`;
		throw new Error(`a stream of ${asked} ended after ${lines} lines and ${bytes} bytes: …${end.slice(-200)}`);
	}
}

function lineFeedsIn(text: string): number {
	return text.split("\n").length - 1;
}
